"""The pipeline with its verbs, each a one-line call into the room that does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.graph.graph import Graph
from lakenb.packaging.assets import asset_key
from lakenb.packaging.sizes import package_sizes
from lakenb.packaging.zips import function_zip
from lakenb.records.tables import Table, table_of
from lakenb.security.encryption import DEFAULT_ENCRYPTION, EncryptionRow
from lakenb.security.statements import grants
from lakenb.security.values import Grant
from lakenb.template.build import build, to_json
from lakenb.views.progress import progress_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from os import PathLike

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run


class Pipeline(Graph):
    """A pipeline: a graph and what can be done with it.

    Composing it reaches nothing outside; only `run` and `local` do, and they say so.

    Parameters
    ----------
    id
        The pipeline's id, which is also the default name of its stack.
    handles
        Handles or steps; the pipeline is everything upstream of them, united by id.
    key, vpc
        Refused by this version when the template is made, rather than left out silently.
    strict
        True makes pass-through nodes copy, so that no read is forwarded.

    Raises
    ------
    PipelineError
        With every fault of the graph at once, each with its place and mend.

    Examples
    --------
    >>> import lakenb as lk
    >>> inbox = lk.S3Trigger("inbox", prefix="letters/")
    >>> chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks", chunk_size=1000))
    >>> pipe = lk.Pipeline("letters", chunks.pipe(lk.S3Storage("results")))
    >>> [str(edge) for edge in pipe.edges]
    ['chunks -> results', 'inbox -> chunks']
    """

    def __repr__(self) -> str:
        """Return the pipeline's id and its edges, a line each."""
        edges = "\n".join(f"  {edge}" for edge in self.edges)
        return f"<Pipeline {self.id!r}: {len(self.nodes)} nodes, {len(self.edges)} edges>\n{edges}"

    @property
    def grants(self) -> Table:
        """Who may do what: edge, principal, action, resource, condition, why."""
        return table_of("grants", grants(self), Grant)

    @property
    def encryption(self) -> Table:
        """The published encryption table: service, at rest, in transit, and what AWS does today."""
        return table_of("services", DEFAULT_ENCRYPTION, EncryptionRow)

    def template(self) -> dict[str, Any]:
        """Return the CloudFormation template as a dict, at any size.

        Raises
        ------
        UnsupportedError
            For a key or a VPC.
        """
        codes = {step.code() for step in self.nodes.values()}
        return build(self, {code: asset_key(function_zip(code).hash) for code in sorted(codes)})

    def template_json(self) -> str:
        """Return the template as compact JSON, the same bytes for the same pipeline."""
        return to_json(self.template())

    def package_sizes(self) -> Table:
        """Return what each node's function brings, and how large it is.

        Packages that are not kept yet are fetched from the package index, once.

        Returns
        -------
        Table
            function (the node's id), package, version, named, binary, unzipped_bytes; lakenb's own part is
            the first row of each function.

        Raises
        ------
        PackagingError
            If a package cannot be had, or a function is larger than Lambda takes.
        """
        return package_sizes({node: step.code() for node, step in self.nodes.items()})

    def local(self, **options: Any) -> LocalSession:
        """Return an embedded AWS with this pipeline on it, to be used in a ``with`` statement.

        See `LocalSession` for its options and verbs.
        """
        from lakenb.backends.local.session import LocalSession  # noqa: PLC0415 - boto3 is imported when used

        return LocalSession(self, **options)

    def run(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]] | Mapping[str, Any],
        *,
        timeout: timedelta | None = None,
        save: str | PathLike[str] | None = None,
        progress: bool = True,
    ) -> Run:
        """Run documents through the pipeline on an embedded AWS with IAM enforced.

        Starts the embedded AWS, deploys this very template on it, puts the documents, follows them until
        all is quiet, and ends everything it started. Interrupting it ends everything too.

        Parameters
        ----------
        paths
            Files, folders or patterns such as ``"samples/*.pdf"``. With several triggers a mapping from a
            trigger's id to its paths.
        timeout
            Longest time to wait for quiet; ten minutes by default.
        save
            A folder for the documents that reach the connectors; none are kept without it.
        progress
            Whether to show a progress bar on standard error.

        Returns
        -------
        Run
            Documents per node, lineage, decisions, failures, filtered events, timings.

        Raises
        ------
        LocalRunError
            If the embedded AWS cannot start, refuses the template, or is not quiet in time.
        QuotaError
            If one stack cannot hold the pipeline.
        """
        from lakenb.backends.local.inputs import gather, kept  # noqa: PLC0415 - boto3 is imported when used

        given = kept(paths)
        gather(self, given)  # a wrong path is told before anything starts
        with (
            progress_line(enabled=progress) as show,
            self.local(timeout=timeout, on_progress=show) as session,
        ):
            return session.run(given, save=save)
