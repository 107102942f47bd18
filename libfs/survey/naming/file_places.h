// SPDX-License-Identifier: MIT
// Where in files data is: from addresses back to paths and offsets.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::survey {

/// A stretch of data as one file extent of one subvolume has it.
struct FilePlace {
    u64 tree = 0; ///< id of the subvolume
    u64 inode = 0;
    std::string subvolume;       ///< its path from the top; "/" for the top-level one
    std::string path;            ///< from the subvolume's top ("/a/b"); empty: it has no name that can be found
    u64 file_offset = 0;         ///< in bytes, where the file extent begins
    Range extent = {};           ///< logical: the whole extent on disk
    u64 extent_offset_bytes = 0; ///< where in the (uncompressed) extent the file extent begins
    u64 length_bytes = 0;        ///< of the file extent
    u8 compression = 0;
};

struct FilePlaces {
    std::vector<FilePlace> places;
    bool is_cut = false; ///< there are or may be more: too many, too long to look for, or lost
};

/// The places of what these ranges have in common with files, by range and leaf, `most` at most; a place for each name
/// of a file. Looks at all leaves of all files once. Needs survey.roots.
FilePlaces places_of_data(Survey& survey, std::span<const Range> ranges, std::size_t most);

} // namespace btrkit::survey
