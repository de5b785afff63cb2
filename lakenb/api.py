"""The pipeline with its verbs, each a one-line call into the room that does the work."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from lakenb.errors import LakenbError, NetworkError
from lakenb.graph.graph import Graph
from lakenb.graph.networks import Vpc as _Vpc
from lakenb.graph.networks import placed
from lakenb.packaging.assets import asset_key
from lakenb.packaging.sizes import package_sizes
from lakenb.packaging.zips import function_zip
from lakenb.template.build import build, to_json
from lakenb.template.split import split
from lakenb.views.progress import progress_line
from lakenb.views.seen import Seen, seen
from lakenb.views.tables.access import access_table
from lakenb.views.tables.encryption import EncryptionTable, encryption_table
from lakenb.views.tables.endpoints import endpoints_table
from lakenb.views.tables.grants import grants_table
from lakenb.views.tables.keys import keys_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta
    from os import PathLike
    from pathlib import Path

    from lakenb.backends.cdk.assembly import Assembly
    from lakenb.backends.local.session import LocalSession
    from lakenb.iam.questions import Answer, Diff
    from lakenb.iam.stacks.source import Source
    from lakenb.records.attempt import Attempt
    from lakenb.records.run import Run
    from lakenb.records.tables import Table
    from lakenb.review.asking import Asking
    from lakenb.review.verification import Verification
    from lakenb.review.verify import Verifier
    from lakenb.template.split import Split
    from lakenb.views.picture import Picture


@cache
def _verifier() -> Verifier:
    """Return the one that remembers what it proved: after an edit only what that touches is done again."""
    from lakenb.review.verify import Verifier  # noqa: PLC0415 - a third of the import's time, for proofs only

    return Verifier()


class Vpc(_Vpc):
    """A VPC: one that the stack makes (``create=True``), or a given one, as far as it is described."""

    __slots__ = ()

    @classmethod
    def read(
        cls,
        id: str,  # noqa: A002 - the field's word
        *,
        subnets: Sequence[str] = (),
        security_groups: Sequence[str] = (),
        pin: bool = False,
        client: Any = None,
    ) -> Vpc:
        """Return the description of a VPC that exists, read from AWS with the session's own credentials.

        Only reads; `lakenb.backends.aws.describe_network` says what it asks.

        Parameters
        ----------
        id
            Its id.
        subnets
            The ids of the subnets in which functions are to be placed; by default all that do not lead to an
            internet gateway.
        security_groups
            The ids of the functions' security groups.
        pin
            Whether documents are bound to its endpoint for S3.
        client
            A boto3 client of EC2; by default one of the session's own.

        Raises
        ------
        NetworkError
            If the VPC, a subnet or a security group does not exist.
        """
        from lakenb.backends.aws.describe_network import read_vpc  # noqa: PLC0415 - boto3 is imported when used

        found = read_vpc(id, subnets=subnets, security_groups=security_groups, pin=pin, client=client)
        return cls(**{field.name: getattr(found, field.name) for field in fields(found)})


class Pipeline(Graph):
    """A pipeline: a graph and what can be done with it.

    Composing it reaches nothing outside; `run`, `local`, `synth` and `save` do, and say so.

    Parameters
    ----------
    id
        The pipeline's id, which is also the default name of its stack.
    handles
        Handles or steps; the pipeline is everything upstream of them, united by id.
    key
        A customer managed key for everything: `lakenb.Key()` for one that the stack makes, a key's ARN or
        alias, or a key of CDK. None leaves AWS's default encryption.
    key_per
        One key for the ``"pipeline"``, or one for each ``"node"`` or each ``"store"``.
    vpc
        Placement of all functions in a VPC: `lakenb.Vpc`.
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

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the picture as svg, png and text; a pipeline that has no template shows its edges."""
        try:
            return self.draw()._repr_mimebundle_(include, exclude)
        except LakenbError as error:
            return {"text/plain": f"{self!r}\nno picture: {error}"}, {}

    def draw(self, *kinds: str, title: str | None = None, attempts: Iterable[Attempt] = ()) -> Picture:
        """Return the picture of the template: nodes, stores, and what crosses each edge.

        Parameters
        ----------
        kinds
            Which of ``"documents"``, ``"messages"`` and ``"cache"`` to draw; all of them by default.
        title
            The picture's title; the pipeline's id by default.
        attempts
            What `LocalSession.attempt` returned; the refused ones are drawn.

        Returns
        -------
        Picture
            Shows itself in a notebook; has ``.svg``, ``.png``, ``.dot``, ``.text`` and ``.save(path)``.

        Raises
        ------
        OptionError
            For another kind.
        """
        from lakenb.views.picture import picture  # noqa: PLC0415 - a fifth of the import's time, for drawing only

        chosen = {"kinds": kinds} if kinds else {}
        return picture(self._seen(), **chosen, title=title, attempts=attempts)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture to a file: ``.svg``, ``.png`` or ``.dot``, by its suffix.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OptionError
            For another suffix.
        """
        return self.draw().save(path)

    @property
    def grants(self) -> Table:
        """Who may do what, from the template: edge, principal, action, resource, condition, why, kind."""
        return grants_table(self._seen())

    @property
    def access(self) -> Table:
        """Who may do what with which store: a row for each principal, a column for each store."""
        return access_table(self._seen())

    @property
    def encryption(self) -> EncryptionTable:
        """The published encryption table, from the template; ``.resources`` unfolds it."""
        return encryption_table(self._seen())

    @property
    def keys(self) -> Table:
        """The keys that documents meet from input to sink: who uses each, how, and what fails without."""
        return keys_table(self._seen())

    @property
    def endpoints(self) -> Table:
        """VPC endpoints: which services the nodes call, which are published, and which node needs them."""
        return endpoints_table(self._seen())

    def verify(
        self, template: Mapping[str, Any] | None = None, *, certificates: bool = False
    ) -> Verification:
        """Prove the promises P1 to P10 on the template, or show a request that breaks one.

        What must hold is derived from the pipeline; that it holds is read from the template alone, as a
        stranger would.

        Parameters
        ----------
        template
            A template to be verified in place of this pipeline's own, such as one that was edited by hand.
        certificates
            Whether to keep a certificate of each proof, which `lakenb.iam.checker.check` checks again.

        Returns
        -------
        Verification
            Shows itself: a line for each promise, what is wrong with its mend, exceptions and assumptions.
        """
        return _verifier().verify(self._source(template), self, certificates=certificates)

    def can(self, principal: str, action: str, resource: str, **context: Any) -> Answer:
        """Return the decision on one request, with its reasons.

        Parameters
        ----------
        principal
            A node, a service such as ``sns.amazonaws.com``, an ARN, or ``anonymous``.
        action
            Such as ``s3:GetObject``.
        resource
            In the pipeline's words: ``inbox/letters/x``, ``cache/x``, ``chunks.queue``; or an ARN.
        context
            Keys that the request carries, as in ``**{"aws:SourceArn": ...}``; it goes over TLS by default.

        Raises
        ------
        PolicyError
            If there is no such node or resource, with the nearest that there are.
        """
        return self._asking().can(principal, action, resource, context)

    def who_can(self, action: str, resource: str) -> Table:
        """Who may take an action on a resource, and by which statement; the words are those of `can`."""
        return self._asking().who_can(action, resource)

    @property
    def matrix(self) -> Table:
        """Everybody, strangers included, beside what they may do with each resource of the template."""
        return self._asking().matrix()

    def diff(self, new: Mapping[str, Any] | Pipeline) -> Diff:
        """Return what a new template allows that this pipeline's does not, and what no longer.

        Parameters
        ----------
        new
            A pipeline, or a template.

        Returns
        -------
        Diff
            Prints one sentence for each change, with an example; false where nothing changes.
        """
        from lakenb.iam.questions import diff  # noqa: PLC0415 - see _verifier
        from lakenb.iam.stacks.read import worlds  # noqa: PLC0415 - see _verifier
        from lakenb.iam.stacks.source import source  # noqa: PLC0415 - see _verifier

        after = new.template() if isinstance(new, Pipeline) else new
        # the flat values: a role that moves to another stack may do what it did before
        return diff(worlds(source(self.template())), worlds(source(after)))

    def _asking(self) -> Asking:
        from lakenb.review.asking import Asking  # noqa: PLC0415 - see _verifier

        return Asking(self._source(), self)

    def _source(self, template: Mapping[str, Any] | None = None) -> Source:
        """Return what is proved: the templates as they are deployed, this pipeline's own or given ones."""
        from lakenb.iam.stacks.source import source  # noqa: PLC0415 - see _verifier

        whole = split(self.template() if template is None else template)
        nested = {stack: source(made, name=stack) for stack, made in whole.nested.items()}
        return source(whole.root, nested, self.id)

    def _seen(self) -> Seen:
        return seen(self, self.template())

    def template(self) -> dict[str, Any]:
        """Return the CloudFormation template as a dict, at any size: one flat value.

        What is deployed is `templates()`: this very value where one stack holds it.

        Raises
        ------
        NetworkError
            If a given VPC, as it is described, does not let a node reach what it calls.
        """
        codes = {step.code() for step in self.nodes.values()}
        made = build(self, {code: asset_key(function_zip(code).hash) for code in sorted(codes)})
        if any(vpc.is_described for vpc in placed(self).values()):
            from lakenb.review.network_faults import network_faults  # noqa: PLC0415 - for given VPCs only

            if faults := network_faults(made, self):
                raise NetworkError(faults)
        return made

    def templates(self) -> Split:
        """Return the templates as they are deployed: one, or a root and stacks along the graph's order.

        Returns
        -------
        Split
            ``.root`` and ``.nested``, the latter by the logical ids of their stacks in the root.

        Raises
        ------
        QuotaError
            If no number of stacks can hold the pipeline.
        """
        return split(self.template())

    def template_json(self) -> str:
        """Return the template as compact JSON, the same bytes for the same pipeline."""
        return to_json(self.template())

    def synth(self, directory: str | PathLike[str] = "cdk.out", *, stack_name: str | None = None) -> Assembly:
        """Write a cloud assembly that the CDK command line lists, diffs and deploys.

        CDK runs in a process of its own, never in this one. Needs the extra ``lakenb[cdk]``.

        Parameters
        ----------
        directory
            Where to write it; an assembly that is already there is replaced.
        stack_name
            The stack's name; the pipeline's id by default.

        Returns
        -------
        Assembly
            Where it is, and the name of its stack.

        Raises
        ------
        SynthError
            If CDK is not installed, refuses the template, or the directory is not an assembly's.
        QuotaError
            If one stack cannot hold the pipeline.
        """
        from lakenb.backends.cdk.synth import synth  # noqa: PLC0415 - reaches for CDK only when asked to

        return synth(self, directory, stack_name=stack_name)

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
        paths: str | PathLike[str] | Iterable[str | PathLike[str]] | Mapping[str, Any] | int = (),
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
            trigger's id to its paths. A schedule without documents of its own is told how often to fire, once
            by default; one that lists documents is given a file for each, and fires once.
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
        from lakenb.backends.local.inputs import firings, gather, kept  # noqa: PLC0415 - boto3 is imported when used

        given = kept(paths)
        gather(self, given)  # a wrong path is told before anything starts
        firings(self, given)
        with (
            progress_line(enabled=progress) as show,
            self.local(timeout=timeout, on_progress=show) as session,
        ):
            return session.run(given, save=save)
