// SPDX-License-Identifier: MIT
// Damaged media as values: what is wrong, where, and how it is said.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/kernels.h"
#include "libfs/base/key_range.h"
#include "libfs/base/problem_catalogue.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace btrkit {

/// Where a problem is, as far as it is known.
struct Place {
    std::string device = {};             ///< file name of the device
    std::optional<u64> physical = {};    ///< byte offset on that device
    std::optional<Logical> logical = {}; ///< address of the block or chunk
    std::optional<unsigned> mirror = {}; ///< copy, from 1
    std::optional<u64> tree = {};        ///< id of the tree
    std::optional<unsigned> slot = {};   ///< item of the leaf or pointer of the node
    std::optional<btrfs::Key> key = {};  ///< key of that item
    std::optional<u64> inode = {};       ///< inode number in that tree
    std::optional<u64> length = {};      ///< bytes of data from logical on
    std::string path = {};               ///< file, where one is known
    std::optional<KeyRange> keys = {};   ///< of what is lost; its text stands in the detail
};

struct Problem {
    ProblemCode code;
    Place place;
    std::string detail;                                 ///< the values at fault, e.g. "nlink 3, but directories have 1"
    KernelTrait refused_by = KernelTrait::every_kernel; ///< of item checks: the kernels that have this rule

    Severity severity() const { return problem_info(code).severity; }
};

using Problems = std::vector<Problem>;

/// Takes problems as they are found. Called from one thread at a time, in an order that depends on the image
/// alone and not on the number of threads.
using ProblemSink = std::function<void(const Problem&)>;

/// One line: "[code] meaning: detail (place)".
std::string describe(const Problem& problem);

} // namespace btrkit
