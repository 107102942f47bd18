// SPDX-License-Identifier: MIT
#include "apps/mkfs/source.h"

#include "libfs/ops/source/directory_source.h"
#include "libfs/ops/source/tar_source.h"

#include <cstdlib>

namespace btrkit::apps {

namespace {

std::string spool_directory() {
    const char* directory = std::getenv("TMPDIR");
    return directory != nullptr && *directory != '\0' ? directory : "/var/tmp";
}

Result<source::SourceTree> read_files(const MkfsFlags& flags, source::Time now) {
    if (!flags.rootdir.empty()) {
        return source::read_directory(flags.rootdir, flags.parallelism);
    }
    return flags.tar.empty() ? source::empty_source_tree(now) : source::read_tar(flags.tar, spool_directory(), now);
}

Result<void> mark_subvolumes(source::SourceTree& tree, const MkfsFlags& flags) {
    for (const auto& subvolume : flags.subvolumes) {
        BTRKIT_TRY_ASSIGN(const auto inode, source::mark_subvolume(tree, subvolume.path, subvolume.kind));
        const bool is_top = inode == 0; // which is the default anyway
        if (subvolume.is_default && !is_top) {
            tree.default_subvolume = inode;
        }
    }
    source::split_links(tree);
    return {};
}

} // namespace

Result<source::SourceTree> read_source(const MkfsFlags& flags, source::Time now, std::optional<std::int64_t> epoch) {
    BTRKIT_TRY_ASSIGN(auto tree, read_files(flags, now));
    BTRKIT_TRY(mark_subvolumes(tree, flags));
    for (const auto& flag : flags.inode_flags) {
        BTRKIT_TRY(source::set_inode_flags(tree, flag.path, flag.flags));
    }
    BTRKIT_TRY(source::set_ownership(tree, flags.ownership));
    if (epoch) {
        source::clamp_times(tree, *epoch);
    }
    return tree;
}

} // namespace btrkit::apps
