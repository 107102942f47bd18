// SPDX-License-Identifier: MIT
#include "tests/support/metadata_image.h"

#include "formats/btrfs/item_types.h"

#include <cassert>
#include <numeric>
#include <stdexcept>

namespace btrkit::test {

namespace {

constexpr u32 nodesize = 4096;
constexpr u64 bytes_a_device = u64{8} << 20;
constexpr u64 metadata_chunk_bytes = u64{3} << 20;

std::vector<u64> devids_for(u64 profile) {
    const auto& info = *btrfs::find_profile(profile);
    if ((profile & btrfs::block_group_dup) != 0) {
        return {1, 1};
    }
    std::vector<u64> devids(info.copies);
    std::iota(devids.begin(), devids.end(), u64{1});
    return devids;
}

/// Splits what there is into runs of at most so many.
template <class T>
std::vector<std::vector<T>> in_runs(std::vector<T> all, std::size_t most) {
    std::vector<std::vector<T>> runs;
    for (auto& one : all) {
        if (runs.empty() || runs.back().size() == most) {
            runs.emplace_back();
        }
        runs.back().push_back(std::move(one));
    }
    return runs;
}

} // namespace

const btrfs::Key& first_key(const PlantedBlock& block) {
    return block.children.empty() ? block.items.front().key : first_key(block.children.front());
}

void promise_keys(PlantedBlock& block, const std::optional<btrfs::Key>& end) {
    block.promise.end = end;
    for (std::size_t i = 0; i < block.children.size(); ++i) {
        auto& child = block.children[i];
        child.promise.first_key = first_key(child);
        promise_keys(child, i + 1 < block.children.size() ? std::optional(first_key(block.children[i + 1])) : end);
    }
}

MetadataImage::MetadataImage(u64 profile)
    : image_(static_cast<unsigned>(std::ranges::max(devids_for(profile))), bytes_a_device),
      geometry_(sample_geometry()) {
    for (const u64 devid : devids()) {
        auto& super = image_.super(devid);
        super.nodesize = super.leafsize = nodesize;
        super.dev_item.bytes_used = metadata_chunk_bytes;
    }
    geometry_ = geometry_of(super());
    next_address_ =
        image_.add_chunk(btrfs::block_group_metadata | profile, metadata_chunk_bytes, devids_for(profile)).start.bytenr;
}

unsigned MetadataImage::copies() const {
    return image_.chunks().back().profile().copies;
}

std::vector<u64> MetadataImage::devids() const {
    std::vector<u64> all;
    for (u64 devid = 1; devid <= image_.count(); ++devid) {
        all.push_back(devid);
    }
    return all;
}

u64 MetadataImage::take_address() {
    const u64 address = next_address_;
    next_address_ += nodesize;
    if (!image_.chunks().back().contains({next_address_ - 1})) {
        throw std::length_error("the metadata chunk is full");
    }
    return address;
}

const Chunk& MetadataImage::chunk_at(u64 address) const {
    const auto found =
        std::ranges::find_if(image_.chunks(), [&](const Chunk& chunk) { return chunk.contains({address}); });
    assert(found != image_.chunks().end());
    return *found;
}

MutableBytes MetadataImage::copy(u64 address, unsigned mirror) {
    const auto& chunk = chunk_at(address);
    const auto& stripe = chunk.stripes.at(mirror - 1);
    return image_.bytes(stripe.devid).part(stripe.offset + (address - chunk.start.bytenr)).first(nodesize);
}

void MetadataImage::put(u64 address, const Block& block) {
    for (unsigned mirror = 1; mirror <= chunk_at(address).stripes.size(); ++mirror) {
        std::ranges::copy(block, copy(address, mirror).begin());
    }
}

Block MetadataImage::block(u64 address) {
    const auto bytes = copy(address, 1);
    return {bytes.begin(), bytes.end()};
}

PlantedBlock MetadataImage::plant(u64 owner, const std::vector<LeafItem>& items, TreeShape shape) {
    const auto new_block = [&](u8 level) {
        return PlantedBlock{
            .promise = {.address = {take_address()}, .generation = generation(), .level = level, .tree = owner}};
    };
    const auto identity = [&](const PlantedBlock& block) {
        return BlockIdentity{
            .address = block.address(), .owner = owner, .generation = generation(), .level = block.level()};
    };
    std::vector<PlantedBlock> row;
    auto runs = in_runs(items, shape.items_a_leaf);
    runs.resize(std::max<std::size_t>(runs.size(), 1));
    for (auto& run : runs) {
        auto& leaf = row.emplace_back(new_block(0));
        leaf.items = std::move(run);
        put(build_leaf(geometry_, identity(leaf), leaf.items));
    }
    for (u8 level = 1; row.size() > 1; ++level) {
        std::vector<PlantedBlock> above;
        for (auto& run : in_runs(std::move(row), shape.pointers_a_node)) {
            auto& node = above.emplace_back(new_block(level));
            node.children = std::move(run);
            std::vector<NodeEntry> entries;
            for (const auto& child : node.children) {
                entries.push_back({first_key(child), child.address(), generation()});
            }
            put(build_node(geometry_, identity(node), entries));
        }
        row = std::move(above);
    }
    promise_keys(row.front(), std::nullopt);
    return std::move(row.front());
}

std::vector<LeafItem> MetadataImage::chunk_tree_items() {
    std::vector<LeafItem> items;
    for (const u64 devid : devids()) {
        items.push_back(
            {{btrfs::dev_items_objectid, btrfs::item_type::dev_item, devid}, bytes_from(image_.super(devid).dev_item)});
    }
    for (const auto& chunk : image_.chunks()) {
        items.push_back(
            {{btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, chunk.start.bytenr}, chunk_item(chunk)});
    }
    return items;
}

void MetadataImage::plant_chunk_tree() {
    // A single leaf at the beginning of the system chunk, the only one that is known without it.
    const u64 address = image_.chunks().front().start.bytenr;
    put(build_leaf(geometry_, {.address = address, .owner = btrfs::chunk_tree_id, .generation = generation()},
                   chunk_tree_items()));
    for (const u64 devid : devids()) {
        auto& super = image_.super(devid);
        super.chunk_root = address;
        super.chunk_root_generation = generation();
    }
}

void MetadataImage::change_copy(u64 address, unsigned mirror, const std::function<void(Block&)>& change_block) {
    const auto bytes = copy(address, mirror);
    Block block(bytes.begin(), bytes.end());
    change_block(block);
    seal_block(geometry_, block);
    std::ranges::copy(block, bytes.begin());
}

void MetadataImage::change(u64 address, const std::function<void(Block&)>& change_block) {
    for (unsigned mirror = 1; mirror <= chunk_at(address).stripes.size(); ++mirror) {
        change_copy(address, mirror, change_block);
    }
}

void MetadataImage::spoil(u64 address, unsigned mirror) {
    copy(address, mirror).back() ^= std::byte{0xff};
}

void MetadataImage::spoil(u64 address) {
    for (unsigned mirror = 1; mirror <= chunk_at(address).stripes.size(); ++mirror) {
        spoil(address, mirror);
    }
}

std::vector<std::byte> MetadataImage::device_bytes(u64 devid) {
    const auto whole = device(devid);
    std::vector<std::byte> bytes(whole->size_bytes());
    if (!whole->read(0, bytes)) {
        throw std::runtime_error("can't read from memory");
    }
    return bytes;
}

Volume MetadataImage::open(std::vector<std::unique_ptr<BlockDevice>> devices) const {
    Problems problems;
    return image_.open(std::move(devices), problems);
}

std::vector<const PlantedBlock*> blocks_in_order(const PlantedBlock& root, WalkOrder order) {
    if (order == WalkOrder::breadth_first) {
        std::vector<const PlantedBlock*> all = {&root};
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (const auto& child : all[i]->children) {
                all.push_back(&child);
            }
        }
        return all;
    }
    std::vector<const PlantedBlock*> all;
    if (order == WalkOrder::depth_first || root.level() == 0) {
        all.push_back(&root);
    }
    for (const auto& child : root.children) {
        const auto below = blocks_in_order(child, order);
        all.insert(all.end(), below.begin(), below.end());
    }
    return all;
}

} // namespace btrkit::test
