"""What origin-thread.mjs does with bodies, for hypercorn."""
import hashlib


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    path = scope["path"]
    hashed = hashlib.sha256()
    if path == "/echo":
        await send({"type": "http.response.start", "status": 200, "headers": []})
    more = True
    while more:
        message = await receive()
        piece, more = message.get("body", b""), message.get("more_body", False)
        hashed.update(piece)
        if path == "/echo":
            await send({"type": "http.response.body", "body": piece, "more_body": more})
    if path == "/echo":
        return
    body = (hashed.hexdigest() if path == "/digest" else path).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
