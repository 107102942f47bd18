// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::survey {

std::vector<ScanRoot> file_tree_roots(const Roots& roots) {
    std::vector<ScanRoot> found;
    for (const auto& record : roots.records) {
        if (!btrfs::is_file_tree(record.id()) && !record.is_reloc()) {
            continue;
        }
        ScanRoot root{.root = record.root};
        if (const auto key = record.item.drop_progress.to_key(); record.item.refs == 0 && key != btrfs::Key{}) {
            root.drop_key = key;
            root.drop_level = record.item.drop_level;
        }
        found.push_back(root);
    }
    return found;
}

} // namespace btrkit::survey
