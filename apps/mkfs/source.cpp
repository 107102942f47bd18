// SPDX-License-Identifier: MIT
#include "apps/mkfs/source.h"

#include "libfs/ops/mkfs/source/directory_source.h"
#include "libfs/ops/mkfs/source/tar_source.h"

#include <cstdlib>

namespace btrkit::apps {

namespace {

std::string spool_directory() {
    const char* directory = std::getenv("TMPDIR");
    return directory != nullptr && *directory != '\0' ? directory : "/var/tmp";
}

Result<mkfs::SourceTree> read_files(const MkfsFlags& flags, mkfs::Time now) {
    if (!flags.rootdir.empty()) {
        return mkfs::read_directory(flags.rootdir, flags.parallelism);
    }
    return flags.tar.empty() ? mkfs::empty_source_tree(now) : mkfs::read_tar(flags.tar, spool_directory(), now);
}

Result<void> mark_subvolumes(mkfs::SourceTree& tree, const MkfsFlags& flags) {
    for (const auto& subvolume : flags.subvolumes) {
        BTRKIT_TRY_ASSIGN(const auto inode, mkfs::mark_subvolume(tree, subvolume.path, subvolume.kind));
        const bool is_top = inode == 0; // which is the default anyway
        if (subvolume.is_default && !is_top) {
            tree.default_subvolume = inode;
        }
    }
    mkfs::split_links(tree);
    return {};
}

} // namespace

Result<mkfs::SourceTree> read_source(const MkfsFlags& flags, mkfs::Time now, std::optional<std::int64_t> epoch) {
    BTRKIT_TRY_ASSIGN(auto tree, read_files(flags, now));
    BTRKIT_TRY(mark_subvolumes(tree, flags));
    for (const auto& flag : flags.inode_flags) {
        BTRKIT_TRY(mkfs::set_inode_flags(tree, flag.path, flag.flags));
    }
    BTRKIT_TRY(mkfs::set_ownership(tree, flags.ownership));
    if (epoch) {
        mkfs::clamp_times(tree, *epoch);
    }
    return tree;
}

} // namespace btrkit::apps
