"""DeepFace's published weights to ONNX: a stage with its own environment (TensorFlow)."""
