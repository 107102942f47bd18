// SPDX-License-Identifier: MIT
#include "tests/scrub/sample_volume.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/tree_block.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/tree/cursor.h"
#include "libfs/volume/stripe_map.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

namespace btrkit::test {

namespace {

/// File `content`: random bytes where it is even, else text that compresses.
class SampleContent final : public mkfs::Content {
public:
    Result<void> read(u32 content, u64 offset, MutableBytes out) const override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            const u64 at = offset + i;
            const u64 word = (at / 8 + 1) * 0x9e3779b97f4a7c15U * (u64{content} * 2 + 1);
            out[i] =
                static_cast<std::byte>(content % 2 == 0 ? (word ^ word >> 29) >> (at % 8 * 8) : at / 100 + content);
        }
        return {};
    }
};

mkfs::SourceTree sample_source(u64 scale) {
    auto tree = mkfs::empty_source_tree({.sec = 1000});
    tree.content = std::make_unique<SampleContent>();
    const auto add = [&](u64 size, u64 flags, std::vector<mkfs::DataRange> data) {
        const auto number = static_cast<u32>(tree.inodes.size());
        mkfs::SourceInode file{
            .mode = 0100644, .size = size, .content = number, .flags = flags, .data = std::move(data)};
        tree.inodes.front().entries.push_back({"file with a rather long name " + std::to_string(number), number});
        tree.inodes.push_back(std::move(file));
    };
    for (u64 i = 0; i < 40; ++i) {
        add(100 + i * 37, 0, {{0, 100 + i * 37}});
    }
    for (u64 i = 0; i < 10 * scale; ++i) {
        add(4096 * i + 5000, 0, {{0, 4096 * i + 5000}});
    }
    for (u64 i = 0; i < 2 * scale; ++i) {
        add(150'000, 0, {{0, 150'000}});
        add(40'000, btrfs::inode_nodatasum | btrfs::inode_nodatacow, {{0, 40'000}});
        add(400'000, 0, {{0, 8192}, {65536, 4096}, {200'704, 90'000}});
    }
    settle(tree);
    return tree;
}

template <class T>
T must(Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().message);
    }
    return std::move(*result);
}

} // namespace

SampleVolume::SampleVolume(const VolumeKind& kind) : kind_(kind) {
    make();
    std::vector<std::unique_ptr<BlockDevice>> devices;
    for (const auto& disk : disks_) {
        devices.push_back(std::make_unique<DiskDevice>(*disk));
    }
    list(must(Filesystem::open(std::move(devices), {},
                               [](const Problem& problem) { throw std::runtime_error(describe(problem)); })));
}

void SampleVolume::make() {
    const auto source = sample_source(kind_.scale);
    mkfs::PlanOptions options{.requests = {.data_profile = kind_.data_profile,
                                           .metadata_profile = kind_.metadata_profile,
                                           .mixed = kind_.mixed,
                                           .nodesize_bytes = kind_.nodesize_bytes,
                                           .sectorsize_bytes = kind_.sectorsize_bytes,
                                           .checksum = kind_.checksum,
                                           .compression = must(parse_compression(kind_.compression)),
                                           .fsid = mkfs::uuid_from_seed(kind_.name),
                                           .now = {.sec = 2000}},
                              .sizing = mkfs::Sizing::least,
                              .slack_bytes = kind_.device_bytes,
                              .device_sizes = std::vector<u64>(kind_.device_count)};
    if (kind_.mixed) {
        options.requests.metadata_profile = kind_.data_profile;
    }
    const auto plan = must(mkfs::plan(source, options, {}));
    std::vector<std::unique_ptr<DiskDevice>> devices;
    std::vector<WritableDevice*> pointers;
    for (const auto& device : plan.layout.devices) {
        auto disk = std::make_unique<Disk>();
        disk->name = "disk" + std::to_string(device.devid);
        disk->devid = device.devid;
        disk->size_bytes = device.size_bytes;
        devices.push_back(std::make_unique<DiskDevice>(*disk));
        pointers.push_back(devices.back().get());
        disks_.push_back(std::move(disk));
    }
    must(mkfs::write(plan, pointers, {}, {}));
    for (const auto& disk : disks_) {
        disk->settle();
    }
}

void SampleVolume::list(const Filesystem& filesystem) {
    geometry_ = filesystem.geometry();
    chunks_.assign(filesystem.volume().chunks().chunks().begin(), filesystem.volume().chunks().chunks().end());
    for (const auto& disk : disks_) {
        for (const u64 offset : btrfs::superblock_offsets) {
            if (offset + btrfs::superblock_size <= disk->size_bytes) {
                supers_.push_back({disk->devid, offset});
            }
        }
    }
    list_extents(filesystem);
    mark_summed(filesystem);
    list_rows();
}

void SampleVolume::list_extents(const Filesystem& filesystem) {
    const auto& reader = filesystem.reader();
    Cursor cursor(reader, must(filesystem.find_tree(btrfs::extent_tree_id)).block);
    for (bool more = cursor.seek(btrfs::Key::min()); more; more = cursor.next()) {
        const auto key = cursor.key();
        if (key.type == btrfs::item_type::metadata_item) {
            std::vector<std::byte> block(geometry_.nodesize);
            filesystem.volume().read({key.objectid}, block, 1).value();
            add_item(Use::block, key.objectid, geometry_.nodesize, view_at<btrfs::TreeBlockHeader>(block)->owner);
        } else if (key.type == btrfs::item_type::extent_item) {
            for (u64 at = key.objectid; at < key.objectid + key.offset; at += sectorsize()) {
                add_item(Use::plain, at, sectorsize(), 0);
            }
        }
    }
}

void SampleVolume::mark_summed(const Filesystem& filesystem) {
    Cursor cursor(filesystem.reader(), must(filesystem.find_tree(btrfs::csum_tree_id)).block);
    for (bool more = cursor.seek(btrfs::Key::min()); more; more = cursor.next()) {
        const u64 count = cursor.data().size() / geometry_.csum_size_bytes;
        for (u64 i = 0; i < count; ++i) {
            const auto item =
                std::ranges::lower_bound(items_, cursor.key().offset + i * sectorsize(), {}, &UsedItem::logical);
            item->use = Use::summed;
        }
    }
}

void SampleVolume::add_item(Use use, u64 logical, u64 length, u64 tree) {
    const auto chunk =
        std::ranges::find_if(chunks_, [&](const Chunk& candidate) { return candidate.contains({logical}); });
    UsedItem item{.use = use,
                  .logical = logical,
                  .length = length,
                  .tree = tree,
                  .chunk = static_cast<std::size_t>(chunk - chunks_.begin()),
                  .copies = {}};
    const unsigned copies = chunk->profile().parity > 0 ? 1 : mirror_count(*chunk);
    for (unsigned mirror = 1; mirror <= copies; ++mirror) {
        const auto run = map_stripe(*chunk, {logical}, length, mirror);
        if (run.length != length) {
            throw std::runtime_error("a tree block stands in two stripes");
        }
        item.copies.push_back({run.physical.devid, run.physical.offset});
    }
    items_.push_back(std::move(item));
}

void SampleVolume::list_rows() {
    for (std::size_t number = 0; number < items_.size(); ++number) {
        const UsedItem& item = items_[number];
        const Chunk& chunk = chunks_[item.chunk];
        for (u64 done = 0; chunk.profile().parity > 0 && done < item.length; done += sectorsize()) {
            const auto parts = parity_row(chunk, {item.logical + done});
            const auto spot = [&](u32 stripe) {
                return Spot{chunk.stripes[stripe].devid, chunk.stripes[stripe].offset + parts.offset_in_stripe};
            };
            const auto [known, is_new] = row_numbers_.try_emplace(spot(parts.p), rows_.size());
            if (is_new) {
                UsedRow row{.chunk = item.chunk, .spots = {}, .items = {}};
                for (const u32 stripe : parts.data) {
                    row.spots.push_back(spot(stripe));
                    row.items.emplace_back();
                }
                row.spots.push_back(spot(parts.p));
                if (parts.q) {
                    row.spots.push_back(spot(*parts.q));
                }
                for (const Spot& other : row.spots) {
                    row_numbers_[other] = rows_.size();
                }
                rows_.push_back(std::move(row));
            }
            rows_[row_numbers_.at(spot(parts.p))].items[parts.position] = number;
        }
    }
}

void SampleVolume::revert() {
    for (const auto& disk : disks_) {
        disk->revert();
    }
}

} // namespace btrkit::test
