// SPDX-License-Identifier: MIT
// The partitions of a whole disk, or of an image of one.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace btrkit {

struct Partition {
    unsigned number = 0; ///< from 1 on, as in the table
    u64 offset = 0;      ///< bytes
    u64 length_bytes = 0;
    u64 bytes_there = 0; ///< as many of them the disk really has: fewer where an image was cut
    std::string uuid;    ///< PARTUUID; in a DOS table DISKID-NUMBER. Empty: none
    std::string name;    ///< of the partition itself, in a GPT; empty: none
    std::string type;    ///< what stands in it: "btrfs", "ext4", "crypto_LUKS" (signature.h); empty: nothing known
    std::string label;   ///< of what stands in it; empty: none

    bool holds_btrfs() const { return type == "btrfs"; }
};

/// Those of the file or block device at path, as libblkid reads its table (GPT, DOS with logical partitions, and
/// others), with sectors of 512 bytes or 4096; none where there is no table. An extended partition is none. A
/// GPT of a disk longer than what is there is no table to libblkid, a DOS table is. Fails with io.
Result<std::vector<Partition>> read_partitions(const std::string& path);

/// Which of them users call so: "p" and its number; its uuid, in either case; its name; the label of what stands in it.
/// The first of these that any has counts; several, where several have it. Indices.
std::vector<std::size_t> find_partitions(const std::vector<Partition>& partitions, std::string_view called);

} // namespace btrkit
