// SPDX-License-Identifier: MIT
#include "libfs/volume/only_read.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit {

std::optional<std::string> why_only_read(const Volume& volume, bool may_be_dump) {
    const auto& super = volume.super();
    const u64 incompat = super.incompat_flags & ~btrfs::known_flags(btrfs::incompat_flag_names);
    const u64 compat_ro = super.compat_ro_flags & ~btrfs::known_flags(btrfs::compat_ro_flag_names);
    if (incompat != 0 || compat_ro != 0) {
        return fmt::format("features that are not known here (incompat {:#x}, compat_ro {:#x})", incompat, compat_ro);
    }
    for (const auto& [flag, name] : {std::pair(btrfs::incompat_zoned, "zoned devices are written in order only"),
                                     std::pair(btrfs::incompat_extent_tree_v2, "extent tree v2"),
                                     std::pair(btrfs::incompat_remap_tree, "remapped chunks")}) {
        if (super.has_incompat(flag)) {
            return name;
        }
    }
    // What an old dump says of chunks and groups is not true of it.
    const u64 dumps = btrfs::super_flags_metadump & ~(may_be_dump ? btrfs::super_flag_metadump_v2 : 0);
    if ((super.flags & dumps) != 0) {
        return "it is a dump of metadata, not a filesystem";
    }
    if ((super.flags & btrfs::super_flags_changing) != 0) {
        return "a change of its id or format was begun and not finished";
    }
    if (const auto place = find_overlap(volume.chunks())) {
        return fmt::format("several chunks claim device {} at offset {}", place->devid, place->offset);
    }
    return std::nullopt;
}

} // namespace btrkit
