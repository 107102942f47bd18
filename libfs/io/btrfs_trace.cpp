// SPDX-License-Identifier: MIT
#include "libfs/io/btrfs_trace.h"

#include "formats/btrfs/superblock.h"

namespace btrkit {

BtrfsTrace find_btrfs_trace(const BlockDevice& device) {
    BtrfsTrace trace = BtrfsTrace::none;
    for (const u64 offset : btrfs::superblock_offsets) {
        btrfs::Superblock super;
        if (offset >= device.size_bytes() || device.size_bytes() - offset < sizeof super) {
            break;
        }
        const bool is_first = offset == btrfs::superblock_offsets[0];
        const bool is_read = device.read(offset, std::as_writable_bytes(std::span(&super, 1))).has_value();
        if (is_read && super.magic == btrfs::superblock_magic) {
            return is_first ? BtrfsTrace::first : BtrfsTrace::mirror;
        }
        if (!is_read || super.bytenr == offset) {
            trace = BtrfsTrace::suspected;
        }
    }
    return trace;
}

} // namespace btrkit
