"""`trainer ...`: everything a person or a cron job does without a browser.

Exit codes: 0 done; 1 the work failed or found a defect; 2 the command line or the configuration
is wrong; 3 a release was built but is kept as a candidate; 4 done, but some source failed.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from trainer.cli import approval, releases
from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.cli.exclude import exclude_app
from trainer.cli.identity import identity_app
from trainer.cli.models import models_app
from trainer.cli.performers import performers_app
from trainer.cli.pictures import pictures_app
from trainer.cli.reviews import reviews_app
from trainer.config.settings import Settings
from trainer.errors import ConfigError, TrainerError
from trainer.log_lines import log_plainly
from trainer.reasons import reason

log = logging.getLogger(__name__)

app = typer.Typer(
    name="trainer",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build, look at and publish face databases for the stash-sense sidecar.",
)


@app.callback()
def progress_on_stderr() -> None:
    """What the commands log while they work; their results alone go to stdout."""
    log_plainly("stderr")


EXIT_BY_STATUS = {"completed": 0, "failed": 1, "needs_approval": 3, "partial": 4, "rejected": 5}


@app.command()
def build(
    conf: Annotated[str | None, typer.Option(help="Parameters as a JSON object.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole build here, without servers; goes on with an interrupted one."""
    from trainer.commands.build import build_lines
    from trainer.pipeline.build import build as run_build

    record = run_build(Settings.load(data_dir), conf)
    show(record.model_dump(mode="json"), as_json, build_lines(record))
    raise typer.Exit(EXIT_BY_STATUS.get(record.status, 1))


@app.command()
def runs(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List runs, newest first."""
    from trainer.commands.look import run_lines, run_rows

    rows = run_rows(data_of(data_dir))
    show(rows, as_json, run_lines(rows))


@app.command()
def sources(
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option(help="Print docs/sources.md, as shipped.")] = False,
) -> None:
    """List the sources, and what keeps a build from asking one."""
    from trainer.commands.sources import source_lines, source_rows, sources_page
    from trainer.config.sources import load_sources, shipped_sources

    if markdown:
        typer.echo(sources_page(shipped_sources()), nl=False)
        return
    rows = source_rows(load_sources(Settings.load(data_dir).data_dir))
    show(rows, as_json, source_lines(rows))


@app.command()
def assertions(
    source: Annotated[list[str] | None, typer.Argument(help="Source keys; default: all.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose limits for crawls from each source's last good one, as lines for sources.yaml."""
    from trainer.commands.assertions import as_yaml, proposals
    from trainer.config.sources import load_sources

    data = data_of(data_dir)
    found = proposals(data, load_sources(data.root), source or ())
    show(found, as_json, [as_yaml(found)] if found else ["no source was crawled yet"])


@app.command()
def versions(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List releases with their size and counts."""
    from trainer.commands.look import version_lines, version_rows

    rows = version_rows(data_of(data_dir))
    show(rows, as_json, version_lines(rows))


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="A release, or `current`.")] = "current",
    public_key: Annotated[
        Path | None, typer.Option(help="Also ask for a signature by this key.")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a release against the sidecar's contract, down to the last bit."""
    from trainer.commands.look import check_lines, release_dir
    from trainer.release.signing import require_signed
    from trainer.release.verify import verify as verify_release

    directory = release_dir(data_of(data_dir), release)
    if public_key is not None:
        require_signed(directory, public_key)
    report = verify_release(directory)
    show(report.model_dump(mode="json"), as_json, check_lines(report))
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="The older release.")],
    after: Annotated[str, typer.Argument(help="The newer release, or `current`.")],
    names: Annotated[int, typer.Option(min=0, help="Names to show of each kind.")] = 10,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """What changed between two releases."""
    from trainer.commands.look import release_dir
    from trainer.release.diff import diff as compare

    data = data_of(data_dir)
    found = compare(release_dir(data, before), release_dir(data, after))
    show(found.model_dump(mode="json"), as_json, found.describe(names))


@app.command()
def export(
    release: Annotated[str, typer.Argument(help="A release, or `current`.")] = "current",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the flat zip that the sidecar's updater takes."""
    from trainer.commands.look import release_dir
    from trainer.exclusions.release_check import refuse_excluded
    from trainer.release.export import export as write_zip

    data = data_of(data_dir)
    directory = release_dir(data, release)
    refuse_excluded(data, directory)
    path = write_zip(directory, data.exports)
    show({"path": str(path), "bytes": path.stat().st_size}, as_json, [str(path)])


approval.add_commands(app)
releases.add_commands(app)
app.add_typer(identity_app, name="identity")
app.add_typer(reviews_app, name="reviews")
app.add_typer(exclude_app, name="exclude")
app.add_typer(models_app, name="models")
app.add_typer(performers_app, name="performers")
app.add_typer(pictures_app, name="pictures")


def main() -> None:
    """Run the command line; errors that people can mend are one line, without a traceback."""
    log_plainly("stderr")
    try:
        app()
    except ConfigError as error:
        log.error(f"trainer: {error}")
        sys.exit(2)
    except TrainerError as error:
        log.error(f"trainer: {error}")
        sys.exit(1)
    except OSError as error:
        log.error(f"trainer: {reason(error)}; check the path, its permissions and the free space")
        sys.exit(1)


if __name__ == "__main__":
    main()
