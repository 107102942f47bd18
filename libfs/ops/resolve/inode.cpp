// SPDX-License-Identifier: MIT
#include "libfs/ops/resolve/resolve.h"
#include "libfs/survey/naming/paths.h"
#include "libfs/survey/read_roots.h"

#include <fmt/format.h>

namespace btrkit::resolve {

Result<std::vector<std::string>> resolve_inode(const Filesystem& filesystem, const TreeRoot& subvolume, u64 inode,
                                               const RunContext& context) {
    const auto roots = survey::read_roots(filesystem, context.stop, context.problems);
    const auto* record = roots.find(subvolume.id);
    if (record == nullptr) {
        return fail(ErrorKind::damaged, fmt::format("the root of subvolume {} can't be read", subvolume.id));
    }
    survey::LimitedCache cache(filesystem.reader(), context.memory_bytes / 8);
    auto paths = survey::Paths(roots, cache).of_inode(*record, inode);
    if (paths.empty()) {
        return fail(ErrorKind::not_found,
                    fmt::format("inode {} of subvolume {} has no name that can be found", inode, subvolume.id));
    }
    return paths;
}

} // namespace btrkit::resolve
