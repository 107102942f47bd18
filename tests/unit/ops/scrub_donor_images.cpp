// SPDX-License-Identifier: MIT
#include "tests/unit/ops/scrub_donor_images.h"

#include "libfs/fs/data_checksums.h"
#include "libfs/fs/file_extents.h"
#include "libfs/io/file_device.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/ops/source/adjust.h"
#include "tests/support/image_bytes.h"
#include "tests/support/temporary_folder.h"

#include <doctest/doctest.h>

namespace btrkit::test {

namespace {

std::byte content_byte(const DonorFile& file, u64 offset) {
    u64 mixed = (offset / (file.compressible ? 512 : 1) + u64{file.content} * 1'000'003) * 0x9e3779b97f4a7c15;
    mixed ^= mixed >> 29;
    mixed *= 0xbf58476d1ce4e5b9;
    return static_cast<std::byte>(mixed >> 56);
}

class GeneratedContent final : public mkfs::Content {
public:
    explicit GeneratedContent(std::vector<DonorFile> files) : files_(std::move(files)) {}

    Result<void> read(u32 content, u64 offset, MutableBytes out) const override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = content_byte(files_[content], offset + i);
        }
        return {};
    }

private:
    std::vector<DonorFile> files_;
};

/// The directory's entry of this name, made as inode if it is not there.
u32 entry_in(mkfs::SourceTree& tree, u32 directory, const std::string& name, const mkfs::SourceInode& inode) {
    for (const auto& entry : tree.inodes[directory].entries) {
        if (entry.name == name) {
            return entry.inode;
        }
    }
    const auto number = static_cast<u32>(tree.inodes.size());
    tree.inodes.push_back(inode);
    tree.inodes[directory].entries.push_back({name, number});
    return number;
}

mkfs::SourceTree source_of(const DonorImageKind& kind) {
    auto tree = mkfs::empty_source_tree({.sec = 1000});
    tree.content = std::make_unique<GeneratedContent>(kind.files);
    for (u32 number = 0; number < kind.files.size(); ++number) {
        const auto& file = kind.files[number];
        u32 directory = 0;
        std::size_t begin = 1;
        for (auto slash = file.path.find('/', begin); slash != std::string::npos; slash = file.path.find('/', begin)) {
            directory = entry_in(tree, directory, file.path.substr(begin, slash - begin), {.mode = 040755});
            begin = slash + 1;
        }
        entry_in(tree, directory, file.path.substr(begin),
                 {.mode = 0100644, .size = file.size, .content = number, .data = {{0, file.size}}});
    }
    settle(tree);
    if (!kind.subvolume.empty()) {
        REQUIRE(mark_subvolume(tree, kind.subvolume, mkfs::SubvolumeKind::writable));
        split_links(tree);
    }
    return tree;
}

} // namespace

Filesystem make_donor_image(const std::string& path, const DonorImageKind& kind) {
    const auto source = source_of(kind);
    const auto plan = mkfs::plan(source,
                                 {.requests = {.data_profile = kind.data_profile,
                                               .checksum = kind.checksum,
                                               .compression = *parse_compression(kind.compression),
                                               .fsid = mkfs::uuid_from_seed(path),
                                               .now = {.sec = 2000}},
                                  .sizing = mkfs::Sizing::least,
                                  .device_sizes = {0}},
                                 {});
    REQUIRE_MESSAGE(plan, plan.error().message);
    MemoryDevice device("image", SparseBytes(plan->layout.devices.front().size_bytes));
    WritableDevice* const devices[] = {&device};
    const auto report = mkfs::write(*plan, devices, {}, {});
    REQUIRE_MESSAGE(report, report.error().message);
    write_image(path, device.bytes());
    std::vector<std::unique_ptr<BlockDevice>> opened;
    opened.push_back(*FileDevice::open(path));
    auto filesystem = Filesystem::open(std::move(opened), {}, [](const Problem&) {});
    REQUIRE(filesystem);
    return std::move(*filesystem);
}

std::string content_text(const DonorFile& file, u64 offset, u64 length) {
    std::string text(length, '\0');
    for (u64 i = 0; i < length; ++i) {
        text[i] = static_cast<char>(content_byte(file, offset + i));
    }
    return text;
}

scrub::LostSector lose_sector(const Filesystem& filesystem, const std::string& path, u64 number,
                              const std::string& in_subvolume) {
    const u64 sectorsize = filesystem.geometry().sectorsize;
    const auto place = find_path(filesystem, path);
    REQUIRE_MESSAGE(place, place.error().message);
    const auto inode = read_inode(filesystem, *place);
    REQUIRE(inode);
    FileExtents extents(filesystem, *place, *inode);
    auto extent = extents.next();
    REQUIRE((extent && *extent && (*extent)->kind == ExtentKind::regular));
    const bool compressed = (*extent)->is_compressed();
    const u64 offset = number * sectorsize;
    while (!compressed && offset - (*extent)->offset >= (*extent)->length) {
        extent = extents.next();
        REQUIRE((extent && *extent && (*extent)->kind == ExtentKind::regular));
    }
    scrub::Wanted wanted{.path = path, .path_in_subvolume = in_subvolume.empty() ? path : in_subvolume};
    u64 into = offset;
    if (compressed) {
        wanted.extent_file_offset = (*extent)->offset;
        wanted.extent_sector = number;
        wanted.extent_length_bytes = (*extent)->disk_num_bytes;
        wanted.compression = static_cast<u8>((*extent)->compression);
        REQUIRE(into < (*extent)->disk_num_bytes);
    } else {
        wanted.file_offset = offset;
        into = offset - (*extent)->offset + (*extent)->offset_in_extent;
    }
    scrub::LostSector lost{.bytenr = (*extent)->disk.bytenr + into, .places = {wanted}};
    DataChecksums checksums(filesystem);
    const auto stored = checksums.find({lost.bytenr}, 1);
    REQUIRE((stored && stored->front()));
    lost.stored = *stored->front();
    return lost;
}

std::vector<std::byte> bytes_of(const Filesystem& filesystem, const scrub::LostSector& sector) {
    std::vector<std::byte> bytes(filesystem.geometry().sectorsize);
    REQUIRE(filesystem.read_data({sector.bytenr}, bytes, 1));
    return bytes;
}

} // namespace btrkit::test
