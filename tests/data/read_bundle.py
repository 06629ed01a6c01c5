"""Lists every table of a bundle: name, kind (w words, t text), length in words or bytes.

A second reader, written from crates/bundle/FORMAT.md alone. Usage: read_bundle.py FILE
"""

import struct
import sys

TABLES = """
w scalars, t text, w segment_slots, w segment_ends, t segment_text, w uin_slots, w uin_ends, t
uin_text, w appid_slots, w appid_ends, t appid_text, w appid_accounts, w action_slots, w
action_ends, t action_text, w action_ranks, w action_services, w action_prefixes, w action_globs, w
action_set_ends, w action_set_words, w action_hulls, w key_slots, w key_ends, t key_text, w
name_slots, w name_ends, t name_text, w accounts, w levels, w identities, w identity_blocks, w
filters, w identity_groups, w user_index, w caller_slots, w caller_ends, t caller_text, w
caller_identities, w roles, w role_names, w role_ids, w blocks, w block_kinds, w block_slots, w
block_lists, w block_policies, w postings, w groups, w trie_nodes, w trie_children, w automata, w
automaton_classes, w automaton_next, w automaton_accept, w rows, w extras, w principal_set_ends, w
principals, w pattern_ends, w pieces, w guard_ends, w guard_terms, w terms, w values, w
network_nodes, w network_entries, w network_class_ends, w network_class_sets, w policies, t
policy_text, w statements, w statement_places, t statement_text, w term_places, t term_text, w
sources, t source_text, w prerequisites, t prerequisite_text, w policy_scopes, t scope_text, t
provenance
"""


def read(file):
    """Name to text or list of words."""
    magic, version, features, length, zero = struct.unpack_from("<8sIIQQ", file)
    assert magic == b"\x89CAM\r\n\x1a\n", "not a bundle"
    assert (version, features, zero) == (1, 0, 0), "another version"
    assert length == len(file), "cut short or padded"
    tables = [entry.split() for entry in TABLES.split(",")]
    root = len(file) - 8 * len(tables)
    found = {}
    for number, (kind, name) in enumerate(tables):
        field = root + 8 * number
        offset, count = struct.unpack_from("<iI", file, field)
        start, size = field + offset, count * 4 if kind == "w" else count
        assert count == 0 or 64 <= start <= start + size <= root, name
        data = file[start : start + size] if count else b""
        found[name] = list(struct.unpack(f"<{count}I", data)) if kind == "w" else data.decode()
    return found


def items(tables, name):
    """The texts of a dictionary."""
    text, ends = tables[f"{name}_text"].encode(), tables[f"{name}_ends"]
    return [text[start:end].decode() for start, end in zip([0] + ends, ends)]


def main():
    with open(sys.argv[1], "rb") as file:
        tables = read(file.read())
    for name, table in tables.items():
        size = len(table.encode()) if isinstance(table, str) else 4 * len(table)
        print(name, size)
    print("keys", *items(tables, "key"))


if __name__ == "__main__":
    main()
