"""`audioscan-host check`: whether models keep the contract between plugin and host."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from audioscan_host.cli import options, reporting, session_options
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.registry import Registry

if TYPE_CHECKING:
    from audioscan_host.testing import Finding


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@session_options.encoder
@options.as_json
@click.option("--verbose", is_flag=True, help="Show the tracebacks of what the plugin raised.")
def check(
    models: tuple[str, ...], runtime: Runtime, registry: Registry, as_json: bool, verbose: bool
) -> None:
    """Check that models keep the contract between plugin and host.

    For whoever writes a plugin: what is declared, what importing costs, and what the encoder does with short,
    silent and loud windows, alone and in batches. Nothing is fetched; without weights, the checks that need
    none are made. Exit code 1 where a check failed or was not made.
    """
    from audioscan_host.testing import CHECKS, Examination, Subject

    # All names first: a wrong one should not be found after minutes.
    subjects = {name: Subject(registry, name, runtime) for name in models}
    findings: list[Finding] = []
    with reporting.progress().track("checking", len(subjects) * len(CHECKS), "checks") as advance:
        for name in list(subjects):
            for finding in Examination(subjects.pop(name)).findings():  # then its encoder is let go
                findings.append(finding)
                advance(1)
    if as_json:
        reporting.print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        rows = [[each.model, each.check, each.state, each.found] for each in findings]
        reporting.print_table(["model", "check", "state", "found"], rows)
    if verbose:
        for each in findings:
            if each.traceback:
                reporting.note(f"\n{each.model} {each.check}:\n{each.traceback.rstrip()}")
    _end(findings)


def _end(findings: "list[Finding]") -> None:
    """Say how it went; leave with exit code 1 unless every check passed."""
    states = Counter(finding.state for finding in findings)
    total = reporting.counted(len(findings), "check")
    if states["passed"] == len(findings):
        reporting.note(f"{total}: all passed")
        return
    reporting.note(f"{total}: {', '.join(f'{states[state]} {state}' for state in sorted(states))}")
    for finding in findings:
        if finding.state == "failed":
            reporting.note(f"{finding.model} {finding.check}: {finding.promise}")
        elif finding.state == "not checked" and not finding.waits_for:
            reporting.note(f"{finding.model} {finding.check} was not checked: {finding.found}")
    click.get_current_context().exit(1)
