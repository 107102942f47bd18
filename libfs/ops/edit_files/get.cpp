// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/get.h"

#include "libfs/base/names.h"
#include "libfs/fs/file_data.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::edit_files {

Result<void> get_contents(const Filesystem& filesystem, const std::string& path, OutputSink& out,
                          const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem, path));
    BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem, place));
    if (!S_ISREG(inode.mode)) {
        return fail(ErrorKind::refused, fmt::format("path {}: is no regular file", printable(path)));
    }
    const std::vector<std::byte> zeros(64 * kib);
    FileReader reader(filesystem, context.problems);
    reader.open(place, inode);
    for (;;) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        BTRKIT_TRY_ASSIGN(const auto run, reader.next());
        if (!run) {
            return {};
        }
        if (!run->is_zeros()) {
            BTRKIT_TRY(out.write(as_text(run->bytes)));
        }
        for (u64 left = run->is_zeros() ? run->length : 0; left > 0;) {
            const auto part = std::min<u64>(left, zeros.size());
            BTRKIT_TRY(out.write(as_text(Bytes(zeros).first(part))));
            left -= part;
        }
    }
}

} // namespace btrkit::edit_files
