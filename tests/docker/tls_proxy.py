"""Lets a TLS client with a certificate of the authority talk to the engine's local socket: tls_proxy.py FOLDER.

Prints the port it listens on. The folder has ca.pem, server-cert.pem and server-key.pem.
"""

import asyncio
import contextlib
import ssl
import sys

FOLDER = sys.argv[1]
SOCKET = "/var/run/docker.sock"


async def pump(reader, writer):
    # Either side may hang up whenever it likes.
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def serve(reader, writer):
    engine_reader, engine_writer = await asyncio.open_unix_connection(SOCKET)
    await asyncio.gather(pump(reader, engine_writer), pump(engine_reader, writer))


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{FOLDER}/server-cert.pem", f"{FOLDER}/server-key.pem")
    context.load_verify_locations(f"{FOLDER}/ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
