// SPDX-License-Identifier: MIT
#include "tests/unit/ops/edited_filesystem.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/volume/volume_writer.h"
#include "tests/support/shared_device.h"

#include <algorithm>
#include <stdexcept>

#include <doctest/doctest.h>

namespace btrkit::test {

namespace {

constexpr u64 file_bytes = 200'000;

class CountingContent final : public mkfs::Content {
public:
    Result<void> read(u32 content, u64 offset, MutableBytes out) const override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::byte>((offset + i) / 7 + content);
        }
        return {};
    }
};

mkfs::SourceTree small_source() {
    auto tree = mkfs::empty_source_tree({.sec = 1000});
    tree.content = std::make_unique<CountingContent>();
    for (u32 number = 1; number <= 3; ++number) {
        mkfs::SourceInode file{.mode = 0100644, .size = file_bytes, .content = number, .data = {{0, file_bytes}}};
        tree.inodes.front().entries.push_back({"file" + std::to_string(number), number});
        tree.inodes.push_back(std::move(file));
    }
    settle(tree);
    return tree;
}

mkfs::Plan plan_of(const FilesystemKind& kind, const mkfs::SourceTree& source) {
    auto made = mkfs::plan(source, plan_options(kind, "edited", u64{16} * kib), {});
    REQUIRE_MESSAGE(made, made.error().message);
    return std::move(*made);
}

TreeRoot root_of(const Filesystem& filesystem, u64 tree) {
    auto root = filesystem.find_tree(tree);
    REQUIRE_MESSAGE(root, root.error().message);
    return *root;
}

} // namespace

mkfs::PlanOptions plan_options(const FilesystemKind& kind, std::string_view fsid_seed, u64 default_nodesize_bytes) {
    return {.requests = {.data_profile = kind.data_profile,
                         .metadata_profile = kind.metadata_profile,
                         .mixed = kind.mixed,
                         .nodesize_bytes = kind.nodesize_bytes.value_or(default_nodesize_bytes),
                         .checksum = kind.checksum,
                         .features = kind.features,
                         .fsid = mkfs::uuid_from_seed(fsid_seed),
                         .now = {.sec = 2000}},
            .sizing = mkfs::Sizing::least,
            .slack_bytes = kind.slack_bytes,
            .device_sizes = std::vector<u64>(kind.device_count)};
}

EditedFilesystem::EditedFilesystem(const FilesystemKind& kind) {
    const auto source = small_source();
    const auto plan = plan_of(kind, source);
    std::vector<WritableDevice*> pointers;
    for (const auto& device : plan.layout.devices) {
        devices_.push_back(
            std::make_shared<MemoryDevice>("device" + std::to_string(device.devid), SparseBytes(device.size_bytes)));
        pointers.push_back(devices_.back().get());
    }
    const auto written = mkfs::write(plan, pointers, {}, {});
    REQUIRE_MESSAGE(written, written.error().message);
}

Devices EditedFilesystem::devices() const {
    Devices views;
    for (const auto& device : devices_) {
        views.push_back(std::make_unique<SharedDevice>(device));
    }
    return views;
}

Devices EditedFilesystem::own_devices() const {
    Devices copies;
    for (const auto& device : devices_) {
        copies.push_back(std::make_unique<MemoryDevice>(device->name(), std::as_const(*device).bytes()));
    }
    return copies;
}

Filesystem EditedFilesystem::open() const {
    auto filesystem = Filesystem::open(devices(), {}, [](const Problem&) {});
    REQUIRE_MESSAGE(filesystem, filesystem.error().message);
    return std::move(*filesystem);
}

EditedFilesystem::Items EditedFilesystem::items(u64 tree) const {
    const auto filesystem = open();
    const OwnedBlock block(filesystem.reader(), root_of(filesystem, tree).block);
    REQUIRE((block.is_proven() && block.block().is_leaf()));
    Items items;
    for (u32 slot = 0; slot < block.block().count(); ++slot) {
        items.push_back({block.block().key(slot), copy_of(block.block().item_data(slot))});
    }
    return items;
}

void EditedFilesystem::edit(u64 tree, const std::function<void(Items&)>& change) {
    Items changed = items(tree);
    change(changed);
    write_leaf(root_of(open(), tree).block, tree, changed);
}

void EditedFilesystem::write_leaf(const Promise& promise, u64 owner, const Items& items) {
    const auto filesystem = open();
    Items sorted = items;
    std::ranges::sort(sorted, {}, &LeafItem::key);
    const Block block =
        build_leaf(filesystem.geometry(),
                   {.address = promise.address.bytenr, .owner = owner, .generation = *promise.generation}, sorted);
    write(promise.address.bytenr, block);
}

void EditedFilesystem::replace_tree(u64 tree, u64 new_tree, Items items) {
    write_leaf(root_of(open(), tree).block, new_tree, items);
    edit(btrfs::root_tree_id, [&](Items& roots) {
        for (auto& root : roots) {
            if (root.key.objectid == tree && root.key.type == btrfs::item_type::root_item) {
                root.key.objectid = new_tree;
            }
        }
    });
}

void EditedFilesystem::lose(u64 tree) {
    const auto filesystem = open();
    const std::vector<std::byte> nothing(filesystem.geometry().nodesize);
    write(root_of(filesystem, tree).block.address.bytenr, nothing);
}

void EditedFilesystem::edit_super(const std::function<void(btrfs::Superblock&)>& change) {
    for (const auto& device : devices_) {
        for (const u64 offset : btrfs::superblock_offsets) {
            if (offset + sizeof(btrfs::Superblock) > device->size_bytes()) {
                continue;
            }
            btrfs::Superblock super;
            auto* at = device->bytes().part(offset).data();
            std::memcpy(&super, at, sizeof(super));
            change(super);
            super.csum =
                checksum(btrfs::CsumType{u16{super.csum_type}}, as_bytes_of(super).subspan(sizeof(super.csum)));
            std::memcpy(at, &super, sizeof(super));
        }
    }
}

WritableDevices EditedFilesystem::writable() const {
    WritableDevices by_devid;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        by_devid[i + 1] = devices_[i].get();
    }
    return by_devid;
}

void EditedFilesystem::write(u64 logical, Bytes bytes) {
    const auto filesystem = open();
    REQUIRE(VolumeWriter(writable(), filesystem.volume().chunks()).write({logical}, bytes));
}

LeafItem EditedFilesystem::data_extent() const {
    for (const auto& item : items(btrfs::extent_tree_id)) {
        const auto* extent = view_at<btrfs::ExtentItem>(item.data);
        if (item.key.type == btrfs::item_type::extent_item && (extent->flags & btrfs::extent_flag_data) != 0) {
            return item;
        }
    }
    throw std::runtime_error("there is no data extent");
}

LeafItem& item_of_type(EditedFilesystem::Items& items, u8 type, std::size_t number) {
    for (auto& item : items) {
        if (item.key.type == type && number-- == 0) {
            return item;
        }
    }
    throw std::runtime_error("there is no such item");
}

check::Report check_filesystem(const Filesystem& filesystem) {
    return check::run(filesystem, {}, {.hash_seed = 1}, {});
}

check::Report check_filesystem(Devices devices) {
    auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    REQUIRE_MESSAGE(filesystem, filesystem.error().message);
    return check_filesystem(*filesystem);
}

bool found_exactly(const survey::Findings& findings, const std::vector<ProblemCode>& judged,
                   const std::vector<ProblemCode>& expected) {
    bool as_expected = true;
    for (const ProblemCode code : judged) {
        const bool is_wanted = std::ranges::find(expected, code) != expected.end();
        CHECK_MESSAGE(findings.any(code) == is_wanted, problem_info(code).id,
                      is_wanted ? " is not found" : " is found without reason");
        as_expected = as_expected && findings.any(code) == is_wanted;
    }
    if (!as_expected) {
        for (const auto& finding : findings.all()) {
            MESSAGE(describe(finding.problem));
        }
    }
    return as_expected;
}

void check_each(const FilesystemKind& kind, const std::vector<ProblemCode>& judged, const std::vector<Damage>& all) {
    for (const Damage& damage : all) {
        CAPTURE(damage.what);
        EditedFilesystem filesystem(kind);
        damage.make(filesystem);
        found_exactly(check_filesystem(filesystem.devices()).findings, judged, damage.expected);
    }
}

} // namespace btrkit::test
