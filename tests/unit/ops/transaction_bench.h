// SPDX-License-Identifier: MIT
// A filesystem of a few hundred files in memory, whose trees are three levels high, for transactions to be made on.
#pragma once

#include "libfs/edit/subvolume_editor.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "tests/support/shared_device.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <random>

#include <doctest/doctest.h>

namespace btrkit::test {

inline constexpr unsigned file_count = 300;

/// What a file of the source holds: most have an extent of their own, some stand in the tree.
class PlainContent final : public mkfs::Content {
public:
    Result<void> read(u32 content, u64 offset, MutableBytes out) const override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::byte>((offset + i) / 7 + content);
        }
        return {};
    }
};

inline std::string file_name(unsigned number) {
    return "a-file-with-a-long-name-" + std::to_string(number);
}

/// With metadata blocks of 4 KiB, which the bench has unless told otherwise, enough for trees of three levels.
inline mkfs::SourceTree many_files(u32 count = file_count) {
    auto tree = mkfs::empty_source_tree({.sec = 1000});
    tree.content = std::make_unique<PlainContent>();
    for (u32 number = 1; number <= count; ++number) {
        const u64 bytes = number % 3 == 0 ? 300 : 5000;
        tree.inodes.front().entries.push_back({file_name(number), number});
        tree.inodes.push_back({.mode = 0100644, .size = bytes, .content = number, .data = {{0, bytes}}});
    }
    settle(tree);
    return tree;
}

template <class T>
T must(Result<T> result) {
    REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

/// Devices in memory that transactions are made on, one after the other.
class TransactionBench {
public:
    explicit TransactionBench(const FilesystemKind& kind, u32 files = file_count)
        : TransactionBench(kind, many_files(files)) {}

    TransactionBench(const FilesystemKind& kind, const mkfs::SourceTree& source) {
        const auto plan = must(mkfs::plan(source, plan_options(kind, "history", u64{4} * kib), {}));
        std::vector<WritableDevice*> pointers;
        for (const auto& device : plan.layout.devices) {
            kept_.push_back(std::make_shared<MemoryDevice>("device" + std::to_string(device.devid),
                                                           SparseBytes(device.size_bytes)));
            pointers.push_back(kept_.back().get());
        }
        must(mkfs::write(plan, pointers, {}, {}));
        pointers_.assign(pointers.begin(), pointers.end());
    }

    Filesystem open() const {
        Devices views;
        for (const auto& device : kept_) {
            views.push_back(std::make_unique<SharedDevice>(device));
        }
        auto filesystem = Filesystem::open(std::move(views), {}, [](const Problem&) {});
        REQUIRE_MESSAGE(filesystem, filesystem.error().message);
        return std::move(*filesystem);
    }
    WritableDevices writable(const Filesystem& filesystem) const {
        WritableDevices devices;
        for (const auto& [devid, member] : filesystem.volume().members()) {
            const auto found =
                std::ranges::find(kept_, member.device->name(), [](const auto& device) { return device->name(); });
            devices[devid] = found->get();
        }
        return devices;
    }

    std::vector<const BlockDevice*> devices() const { return {pointers_.begin(), pointers_.end()}; }

private:
    std::vector<std::shared_ptr<MemoryDevice>> kept_;
    std::vector<const BlockDevice*> pointers_;
};

inline btrfs::Uuid random_uuid(std::mt19937& random) {
    btrfs::Uuid uuid;
    for (auto& byte : uuid.bytes) {
        byte = static_cast<u8>(random());
    }
    return uuid;
}

} // namespace btrkit::test
