"""Which pictures belong together: of one patient, or the same picture under two names."""


def kin(rows, pairs):
    """A function that gives each UID of `rows` (dictionaries with `uid` and `patient`) the name of its kin."""
    leader = {}

    def find(x):
        while leader.setdefault(x, x) != x:
            x = leader[x]
        return x
    for row in rows:
        leader[find(row["uid"])] = find("patient " + row["patient"])
    for one, other in pairs:
        leader[find(one)] = find(other)
    return find
