// SPDX-License-Identifier: MIT
#include "libfs/ops/send/data/verity.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

constexpr u64 first_offset = btrfs::verity_descriptor_offset;
constexpr u64 most_bytes = sizeof(btrfs::FsverityDescriptor) + btrfs::max_fsverity_signature_bytes;

Result<std::vector<std::byte>> read_descriptor(Snapshot& snapshot, u64 inode) {
    std::vector<std::byte> bytes;
    auto items = snapshot.search();
    auto there = items.seek({inode, type::verity_desc_item, first_offset});
    for (; there && *there; there = items.next()) {
        const auto key = items.key();
        if (key.objectid != inode || key.type != type::verity_desc_item) {
            return bytes;
        }
        if (key.offset != first_offset + bytes.size() || bytes.size() + items.data().size() > most_bytes) {
            return std::unexpected(snapshot.damaged(key, "a verity descriptor in pieces that don't fit"));
        }
        bytes.insert(bytes.end(), items.data().begin(), items.data().end());
    }
    return there ? Result<std::vector<std::byte>>(std::move(bytes)) : std::unexpected(there.error());
}

} // namespace

Result<void> send_verity(Snapshot& snapshot, u64 inode, std::string_view path, Commands& commands) {
    BTRKIT_TRY_ASSIGN(const auto bytes, read_descriptor(snapshot, inode));
    const auto* descriptor = view_at<btrfs::FsverityDescriptor>(bytes);
    const auto signature = descriptor == nullptr ? Bytes() : clipped(bytes, sizeof(*descriptor), descriptor->sig_size);
    if (descriptor == nullptr || signature.size() != descriptor->sig_size ||
        descriptor->salt_size > descriptor->salt.size()) {
        return std::unexpected(
            snapshot.damaged({inode, type::verity_desc_item, first_offset}, "a malformed verity descriptor"));
    }
    return commands.enable_verity(path, *descriptor, signature);
}

} // namespace btrkit::send
