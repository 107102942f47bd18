// SPDX-License-Identifier: MIT
// A small filesystem of any profile on disks in memory, fresh from mkfs, and a plain list of everything on it that is
// used: what the trials of scrub damage and judge by.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/volume/volume_writer.h"
#include "tests/scrub/disk.h"

#include <optional>
#include <string>

namespace btrkit::test {

struct VolumeKind {
    std::string name;
    std::string data_profile = "single";
    std::string metadata_profile = "dup";
    std::size_t device_count = 1;
    std::string checksum = "crc32c";
    u64 nodesize_bytes = 16384;
    u64 sectorsize_bytes = 4096;
    bool mixed = false;
    std::string compression = "no";
    u64 device_bytes = u64{70} << 20; ///< at least: so that there are two mirrors of the superblock
    u64 scale = 1;                    ///< how much data there is
};

/// A place on a device.
struct Spot {
    u64 devid = 0;
    u64 offset = 0;
    friend auto operator<=>(const Spot&, const Spot&) = default;
};

enum class Use { summed, plain, block };

/// A sector of data or a tree block.
struct UsedItem {
    Use use = Use::summed;
    u64 logical = 0;
    u64 length = 0;
    u64 tree = 0; ///< of a block that no trees share
    std::size_t chunk = 0;
    std::vector<Spot> copies; ///< by mirror number; in raid5 and raid6 only one
};

/// The sectors of one row of raid5 or raid6 that stand beside each other, where any of them is used.
struct UsedRow {
    std::size_t chunk = 0;
    std::vector<Spot> spots;                       ///< data, then P, then Q
    std::vector<std::optional<std::size_t>> items; ///< of data; nothing: free
    unsigned parity_count() const { return static_cast<unsigned>(spots.size() - items.size()); }
};

class SampleVolume {
public:
    explicit SampleVolume(const VolumeKind& kind);

    const VolumeKind& kind() const { return kind_; }
    std::vector<std::unique_ptr<Disk>>& disks() { return disks_; }
    Disk& disk(u64 devid) const { return *disks_.at(devid - 1); }
    u64 sectorsize() const { return kind_.sectorsize_bytes; }
    const Geometry& geometry() const { return geometry_; }
    const std::vector<Chunk>& chunks() const { return chunks_; }

    const std::vector<Spot>& supers() const { return supers_; }
    const std::vector<UsedItem>& items() const { return items_; }
    const std::vector<UsedRow>& rows() const { return rows_; }
    /// The row in which that place stands.
    const UsedRow& row_of(const Spot& spot) const { return rows_.at(row_numbers_.at(spot)); }

    void revert();

private:
    void make();
    void list(const Filesystem& filesystem);
    void list_extents(const Filesystem& filesystem);
    void mark_summed(const Filesystem& filesystem);
    void add_item(Use use, u64 logical, u64 length, u64 tree);
    void list_rows();

    VolumeKind kind_;
    std::vector<std::unique_ptr<Disk>> disks_;
    Geometry geometry_ = {};
    std::vector<Chunk> chunks_;
    std::vector<Spot> supers_;
    std::vector<UsedItem> items_; ///< by address
    std::vector<UsedRow> rows_;
    std::map<Spot, std::size_t> row_numbers_;
};

} // namespace btrkit::test
