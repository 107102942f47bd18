// SPDX-License-Identifier: MIT
// Whoever asks for files: takes what the scan finds, in the order of files.h, step by step.
#pragma once

#include "libfs/ops/usage/files/extent_group.h"
#include "libfs/ops/usage/files/file_part.h"
#include "libfs/survey/scan/block_scan.h"

namespace btrkit::usage {

class Account {
public:
    Account() = default;
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;
    virtual ~Account() = default;

    /// Each step of the walk through the file trees, in its order, once. parts: of a leaf; else empty.
    virtual void accept(const survey::ScanStep& step, std::span<const FilePart> parts) = 0;
    /// Each data extent, in the order of their addresses.
    virtual void accept(const ExtentGroup& extent) = 0;
};

} // namespace btrkit::usage
