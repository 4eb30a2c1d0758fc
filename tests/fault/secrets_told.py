"""Where a secret may not be: logs, core files, Redis' keys and files, PostgreSQL's log, tables. The one place is the column of
encrypted tokens, and what is in it is in no other place either."""
import hashlib
import hmac
import resource

from rig import APP_SECRET

WORDS = ("Bearer ", "Authorization")


def proof(token):
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


def dump_redis(client):
    read = {"string": client.get, "hash": client.hgetall, "list": lambda k: client.lrange(k, 0, -1),
            "zset": lambda k: client.zrange(k, 0, -1), "set": client.smembers}
    return "\n".join(f"{key} {read[client.type(key)](key)}" for key in client.keys("*"))


def dump_tables(rig):
    """All columns but that of the encrypted tokens."""
    for (table,) in rig.query("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"):
        row = "to_jsonb(t) - 'access_token_enc'" if table == "tokens" else "t"
        for (text,) in rig.query(f"SELECT ({row})::text FROM {table} t"):
            yield text


def redis_files(server):
    """Its snapshot, made now, and its log of commands. A restart brings back no snapshot of ours."""
    client = server.client()
    client.config_set("rdbcompression", "no")
    client.save()
    files = [path for path in server.folder.rglob("*") if path.is_file() and path.suffix in (".rdb", ".aof")]
    assert files
    told = {str(path): path.read_bytes().decode("latin-1") for path in files}
    (server.folder / "dump.rdb").unlink()
    return told


def core_files(rig):
    return [path for folder in (rig.folder, rig.redis.folder, rig.postgres.folder) for path in folder.rglob("core*") if path.is_file()]


def no_secret_is_told(rig):
    encrypted = [row[0] for row in rig.query("SELECT access_token_enc FROM tokens")]
    secrets = [*rig.tokens, *map(proof, rig.tokens), APP_SECRET, rig.env["TOKEN_ENCRYPTION_KEY"], *encrypted, *WORDS]
    places = {member.name: member.log() for member in rig.members.values()}
    places |= {"Redis": dump_redis(rig.redis.client()), "the tables": "\n".join(dump_tables(rig)),
               "PostgreSQL's log": (rig.postgres.folder / "log").read_text(), **redis_files(rig.redis)}
    for place, text in places.items():
        assert not any(secret in text for secret in secrets), f"a secret in {place}"
    assert not core_files(rig), f"core files: {core_files(rig)}"


def no_core_file_can_be(rig):
    for member in rig.members.values():
        if member.process.poll() is None:
            limits = resource.prlimit(member.process.pid, resource.RLIMIT_CORE)
            assert limits == (0, 0), f"{member.name} may leave a core file"
