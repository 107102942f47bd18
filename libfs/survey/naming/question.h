// SPDX-License-Identifier: MIT
// What is to be asked about a finding, to know whose it is.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::survey {

struct Question {
    std::size_t finding = 0; ///< its number
    /// A tree block: whose trees lead to it by that key is concerned.
    std::optional<Logical> block = {};
    btrfs::Key key = {};
    /// One subvolume, whatever leads where.
    std::optional<u64> subvolume = {};
    /// A file in all these; nothing: the subvolumes as such.
    std::optional<u64> inode = {};
    /// The inodes whose items are lost: files with directory entries elsewhere. Empty: none.
    Range lost_inodes = {};
    /// Bytes of data: the files that refer to them. Empty: none.
    Range data = {};
};

/// Of each finding that is about files or subvolumes.
std::vector<Question> ask(Survey& survey);

} // namespace btrkit::survey
