#!/usr/bin/env python3
"""Verifies a downloaded access log against its anchor, with nothing but the standard
library: verify_log.py LOG.ndjson ANCHOR.json. Written from docs/access-log.md; shares no
code with the system. One file, one chain: give the parts joined in order."""

import hashlib
import json
import sys


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def sized(data):
    return len(data).to_bytes(4, "big") + data


def leaf_hash(data):
    return sha(b"\x00", data)


def node(left, right):
    return sha(b"\x01", left, right)


def tree_root(leaves):
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [node(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def path_root(leaf, index, leaves, siblings):
    last, hashed, siblings = leaves - 1, leaf_hash(leaf), list(siblings)
    while last > 0:
        if index % 2 == 1:
            hashed = node(siblings.pop(0), hashed)
        elif index < last:
            hashed = node(hashed, siblings.pop(0))
        index, last = index // 2, last // 2
    require(not siblings, "the path is too long")
    return hashed


def require(holds, what):
    if not holds:
        sys.exit(f"not good: {what}")


def main(log_file, anchor_file):
    lines = [json.loads(line) for line in open(log_file, encoding="utf-8")]
    anchor = json.load(open(anchor_file, encoding="utf-8"))
    head, proof = lines[0], None
    require(head["format"] == "espace-access-log/1", "unknown format")
    space, chain = head["spaceId"].encode(), head["chain"].encode()
    sequence, previous, seen = 0, bytes(32), {(0, bytes(32).hex())}
    for line in lines[1:]:
        if "proof" in line:
            proof = line["proof"]
            continue
        sequence += 1
        require(line["sequence"] == sequence, f"trace {sequence} lacks")
        require(line["previousHash"] == previous.hex(), f"trace {sequence} is not in place")
        previous = sha(
            b"espace/trace/1", sized(space), sized(chain), sequence.to_bytes(8, "big"),
            previous, sized(line["content"].encode()),
        )
        require(line["hash"] == previous.hex(), f"trace {sequence} was altered")
        seen.add((sequence, line["hash"]))
    end = head["head"]
    require((end["sequence"], end["hash"]) == (sequence, previous.hex()), "the end lacks")

    require(proof is not None and proof["anchor"] == anchor["anchor"], "no proof of this anchor")
    require((proof["sequence"], proof["hash"]) in seen, "this is not what was anchored")
    leaf = sha(
        b"espace/head/1", bytes.fromhex(proof["salt"]), sized(space), sized(chain),
        proof["sequence"].to_bytes(8, "big"), bytes.fromhex(proof["hash"]),
    )
    siblings = [bytes.fromhex(sibling) for sibling in proof["path"]]
    root = path_root(leaf, proof["leaf"], proof["leaves"], siblings)
    shard = next(s for s in anchor["shards"] if s["shard"] == proof["shard"])
    require(shard["root"] == root.hex(), "the anchor holds another log")
    roots = [bytes.fromhex(s["root"]) for s in anchor["shards"]]
    require(tree_root(roots).hex() == anchor["root"], "the anchor's own root is wrong")
    print(f"good: {sequence} traces, anchored up to {proof['sequence']} by {anchor['anchor']}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
