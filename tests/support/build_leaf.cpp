// SPDX-License-Identifier: MIT
#include "tests/support/build_leaf.h"

#include "libfs/base/checksum.h"

#include <cassert>

namespace btrkit::test {

namespace {

template <class Entry>
Entry& entry_in(Block& block, u32 slot) {
    const std::size_t at = sizeof(btrfs::TreeBlockHeader) + slot * sizeof(Entry);
    assert(at + sizeof(Entry) <= block.size());
    return *reinterpret_cast<Entry*>(block.data() + at);
}

Block empty_block(const Geometry& geometry, const BlockIdentity& identity, std::size_t count) {
    Block block(geometry.nodesize);
    auto& header = header_in(block);
    header.fsid = geometry.tree_fsid;
    header.bytenr = identity.address;
    header.flags = identity.flags;
    header.generation = identity.generation;
    header.owner = identity.owner;
    header.nritems = static_cast<u32>(count);
    header.level = identity.level;
    return block;
}

} // namespace

Geometry sample_geometry() {
    Geometry geometry;
    geometry.nodesize = 4096;
    geometry.sectorsize = 4096;
    geometry.csum_type = btrfs::CsumType::crc32c;
    geometry.csum_size_bytes = 4;
    geometry.tree_fsid.bytes.fill(0xf5);
    geometry.generation = 100;
    geometry.incompat_flags = btrfs::incompat_mixed_backref | btrfs::incompat_big_metadata |
                              btrfs::incompat_extended_iref | btrfs::incompat_skinny_metadata |
                              btrfs::incompat_no_holes;
    geometry.compat_ro_flags = btrfs::compat_ro_free_space_tree | btrfs::compat_ro_free_space_tree_valid;
    return geometry;
}

Block build_leaf(const Geometry& geometry, const BlockIdentity& identity, const std::vector<LeafItem>& items) {
    Block block = empty_block(geometry, identity, items.size());
    std::size_t end = btrfs::leaf_data_size(geometry.nodesize);
    for (u32 slot = 0; slot < items.size(); ++slot) {
        const auto& [key, data] = items[slot];
        assert(items.size() * sizeof(btrfs::ItemHeader) + data.size() <= end);
        end -= data.size();
        item_in(block, slot) = {btrfs::DiskKey::from(key), static_cast<u32>(end), static_cast<u32>(data.size())};
        std::ranges::copy(data, block.data() + sizeof(btrfs::TreeBlockHeader) + end);
    }
    seal_block(geometry, block);
    return block;
}

Block build_node(const Geometry& geometry, const BlockIdentity& identity, const std::vector<NodeEntry>& entries) {
    assert(identity.level > 0 && entries.size() <= btrfs::node_capacity(geometry.nodesize));
    Block block = empty_block(geometry, identity, entries.size());
    for (u32 slot = 0; slot < entries.size(); ++slot) {
        const auto& entry = entries[slot];
        pointer_in(block, slot) = {btrfs::DiskKey::from(entry.key), entry.address, entry.generation};
    }
    seal_block(geometry, block);
    return block;
}

void seal_block(const Geometry& geometry, Block& block) {
    header_in(block).csum = checksum(geometry.csum_type, Bytes(block).subspan(btrfs::max_csum_size));
}

std::vector<std::byte> copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> joined(const std::vector<std::vector<std::byte>>& parts) {
    std::vector<std::byte> whole;
    for (const auto& part : parts) {
        whole.insert(whole.end(), part.begin(), part.end());
    }
    return whole;
}

btrfs::TreeBlockHeader& header_in(Block& block) {
    return *reinterpret_cast<btrfs::TreeBlockHeader*>(block.data());
}

btrfs::ItemHeader& item_in(Block& block, u32 slot) {
    return entry_in<btrfs::ItemHeader>(block, slot);
}

btrfs::KeyPointer& pointer_in(Block& block, u32 slot) {
    return entry_in<btrfs::KeyPointer>(block, slot);
}

} // namespace btrkit::test
