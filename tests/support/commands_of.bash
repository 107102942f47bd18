# SPDX-License-Identifier: MIT
# Sourced by suites that compare what streams say. Needs BTRKIT_BIN, the folder with the tools.

# commands_of STREAM [loosely]: without what is of one filesystem (uuids, transids, generations, what is behind them in the
# names of orphans); adjacent writes are one, and so are adjacent clones. Loosely: sorted, and clones and encoded writes are
# writes, of whole blocks (an inline extent may be shorter).
commands_of() {
    "$BTRKIT_BIN/btrkit-stream" dump "$1" | sed -E 's,([/=])o([0-9]+)-[0-9]+-[0-9]+,\1o\2,g' | awk -v loosely="${2:-}" '
        function flush() {
            if (kind != "") print kind, path, begin, end - begin, from, (from == "" ? "" : from_end - end + begin)
            kind = ""
        }
        { gsub(/\\\\/, "\\-"); gsub(/\\ /, "\\_") } # a backslash and a space, escaped
        $1 == "write" || $1 == "clone" || ($1 == "encoded_write" && loosely) {
            delete value
            for (i = 3; i <= NF; i++) { sub(/,$/, "", $i); split($i, pair, "="); value[pair[1]] = substr($i, length(pair[1]) + 2) }
            if ($1 == "encoded_write") value["len"] = value["unencoded_file_len"]
            at = value["offset"]; stop = at + value["len"]
            if (loosely) {
                $1 = "write"; value["from"] = ""
                at -= at % 4096; stop += (4096 - stop % 4096) % 4096
                # What is written twice is one write, too.
                if (kind == $1 && path == $2 && at >= begin && at < end) at = end
            }
            if (kind != $1 || path != $2 || end != at || from != value["from"] ||
                (from != "" && from_end != value["clone_offset"])) {
                flush()
                kind = $1; path = $2; begin = at; from = value["from"]
                end = at
            }
            if (stop > end) end = stop
            from_end = value["clone_offset"] + value["len"]
            next
        }
        { flush() }
        $1 == "subvol" || $1 == "snapshot" { print $1, $2; next }
        { $1 = $1; print }
        END { flush() }' | if [ -n "${2:-}" ]; then sort; else cat; fi
}
