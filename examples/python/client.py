"""A client for Kiln without generated code: it learns the messages from the server's reflection.

    pip install -r requirements.txt
    python client.py 127.0.0.1:50051, or unix:/run/kiln/kiln.sock

Each part shows one thing and checks it; the first surprise ends the program with an error.
"""

import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

OUTPUT = ("stdout", "stderr", "compile_output")


class Kiln:
    """The methods of kiln.v1.Executor, with messages from the server itself."""

    def __init__(self, server):
        # Replies carry up to 1 MiB per stream and stage by default; gRPC clients accept 4 MiB unless told otherwise.
        options = [("grpc.max_receive_message_length", 64 << 20)]
        if server.startswith("unix:"):
            # Left alone, grpcio sends the socket's path as the host's name, which is none: the call is reset.
            options.append(("grpc.default_authority", "localhost"))
        self.channel = grpc.insecure_channel(server, options=options)
        self.pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))
        self.outcomes = self.pool.FindEnumTypeByName("kiln.v1.Outcome")

    def message(self, name, **fields):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"kiln.v1.{name}"))(**fields)

    def method(self, kind, service, name):
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(name)
        answer = message_factory.GetMessageClass(descriptor.output_type)
        return getattr(self.channel, kind)(
            f"/{service}/{name}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    def execute(self, timeout=60, **fields):
        return self.method("unary_unary", "kiln.v1.Executor", "Execute")(
            self.message("ExecuteRequest", **fields), timeout=timeout
        )

    def execute_stream(self, **fields):
        first = self.message("ExecuteStreamRequest", execute=self.message("ExecuteRequest", **fields))
        return self.method("stream_stream", "kiln.v1.Executor", "ExecuteStream")(iter([first]))

    def outcome(self, reply):
        return self.outcomes.values_by_number[reply.outcome].name


def check(condition, what):
    if not condition:
        sys.exit(f"not as it should be: {what}")


def main(server):
    kiln = Kiln(server)

    print("languages:")
    listing = kiln.method("unary_unary", "kiln.v1.Executor", "ListLanguages")(kiln.message("ListLanguagesRequest"))
    for language in listing.languages:
        print(f"  {language.id:<12} {language.version or 'not ready'}")
    check(any(language.id == "python" for language in listing.languages), "python is served")

    print("a program with input, an argument, a variable, a file and limits:")
    reply = kiln.execute(
        language="python",
        code="import os, sys\nprint(sys.argv[1], os.environ['GREETING'], input(), open('data/n.txt').read())",
        args=["argument"],
        env={"GREETING": "hello"},
        stdin=b"from stdin\n",
        files=[kiln.message("File", path="data/n.txt", content=b"42")],
        limits=kiln.message("Limits", memory_bytes=256 << 20),
    )
    total = reply.timings.total.ToTimedelta().total_seconds() * 1000
    print(f"  {kiln.outcome(reply)}: {reply.run.stdout!r} in {total:.1f} ms")
    check(reply.run.stdout == b"argument hello from stdin 42\n", reply)

    print("bytes that are not UTF-8:")
    reply = kiln.execute(
        language="python", code="import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])", stdin=b"\x00\xff\n"
    )
    print(f"  {reply.run.stdout!r}")
    check(reply.run.stdout == b"\n\xff\x00", reply)

    print("output while the program runs:")
    code = "import time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.1)"
    parts = []
    for answer in kiln.execute_stream(language="python", code=code):
        kind = answer.WhichOneof("message")
        parts.append(kind)
        print(f"  {kind} {getattr(answer, kind)!r}" if kind in OUTPUT else f"  {kind}")
    check(parts[0] == "started" and parts[-1] == "finished" and parts.count("stdout") >= 2, parts)

    print("two mistakes at once:")
    try:
        kiln.execute(language="cobol", code="x", files=[kiln.message("File", path="/etc/passwd")])
        check(False, "the request is refused")
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.INVALID_ARGUMENT, error)
        details = error_details_pb2.BadRequest()
        check(rpc_status.from_call(error).details[0].Unpack(details), "BadRequest is in the details")
        for violation in details.field_violations:
            print(f"  {violation.field}: {violation.description}")
        check({v.field for v in details.field_violations} == {"language", "files[0].path"}, details)

    print("a deadline of a second on a program without end:")
    try:
        kiln.execute(language="python", code="while True: pass", timeout=1)
        check(False, "the deadline passes")
    except grpc.RpcError as error:
        print(f"  {error.code().name}: {error.details()}")
        check(error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error)

    print("health:")
    request = message_factory.GetMessageClass(kiln.pool.FindMessageTypeByName("grpc.health.v1.HealthCheckRequest"))
    health = kiln.method("unary_unary", "grpc.health.v1.Health", "Check")(request(service="kiln.language.python"))
    print(f"  kiln.language.python is {'serving' if health.status == 1 else 'not serving'}")
    check(health.status == 1, health)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
