// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::survey {

namespace {

bool holds_files(const RootRecord& record) {
    return btrfs::is_file_tree(record.id()) || record.is_reloc();
}

} // namespace

std::vector<ScanRoot> file_tree_roots(const Roots& roots) {
    std::vector<ScanRoot> found;
    for (const auto& record : roots.records) {
        if (!holds_files(record)) {
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

std::vector<ScanRoot> alone_tree_roots(const Filesystem& filesystem, const Roots& roots) {
    std::vector<ScanRoot> found{{.root = filesystem.root_tree()}, {.root = filesystem.chunk_tree()}};
    for (const auto& record : roots.records) {
        if (!holds_files(record)) {
            found.push_back({.root = record.root});
        }
    }
    return found;
}

} // namespace btrkit::survey
