"""What teaches Airflow the trainer's words: parameters, operators, retries, failures, the tab."""
