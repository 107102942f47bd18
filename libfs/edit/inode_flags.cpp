// SPDX-License-Identifier: MIT
#include "libfs/edit/inode_flags.h"

#include <array>

#include <linux/fs.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

struct FlagPair {
    u64 linux_flag;
    u64 btrfs_flag;
};

constexpr auto flag_pairs = std::to_array<FlagPair>({
    {FS_COMPR_FL, btrfs::inode_compress},
    {FS_SYNC_FL, btrfs::inode_sync},
    {FS_IMMUTABLE_FL, btrfs::inode_immutable},
    {FS_APPEND_FL, btrfs::inode_append},
    {FS_NODUMP_FL, btrfs::inode_nodump},
    {FS_NOATIME_FL, btrfs::inode_noatime},
    {FS_NOCOMP_FL, btrfs::inode_nocompress},
    {FS_DIRSYNC_FL, btrfs::inode_dirsync},
    {FS_NOCOW_FL, btrfs::inode_nodatacow},
});

} // namespace

u64 consistent_inode_flags(u64 flags, u32 mode) {
    if ((flags & btrfs::inode_nodatacow) != 0 && S_ISREG(mode)) {
        flags |= btrfs::inode_nodatasum;
    }
    if ((flags & (btrfs::inode_nodatacow | btrfs::inode_nodatasum | btrfs::inode_nocompress)) != 0) {
        flags &= ~btrfs::inode_compress;
    }
    return flags;
}

u64 inode_flags_of_linux(u64 linux_flags, u32 mode) {
    u64 flags = 0;
    for (const FlagPair& pair : flag_pairs) {
        if ((linux_flags & pair.linux_flag) != 0) {
            flags |= pair.btrfs_flag;
        }
    }
    return consistent_inode_flags(flags, mode);
}

} // namespace btrkit
