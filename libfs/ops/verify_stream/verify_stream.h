// SPDX-License-Identifier: MIT
// Whether send streams are whole and sound, and can be received one behind the other: what a keeper of backups wants to
// know before they are needed.
//
// run() reads each input once, from its beginning to its end, and looks at
//
//  1. each command: its checksum, its form, its attributes (Decoder);
//  2. their order: a stream begins with a subvolume or snapshot, which all that follows belongs to, and ends with
//  `end`;
//     behind that stands another stream, or nothing;
//  3. paths: none leads out of its subvolume;
//  4. parents: what a snapshot is made from, and what is cloned from, is in this stream or in one before it, by uuid
//  and
//     generation.
//
// Whether a path was made before it is written to, only a receiver finds out: that would be all names in memory.
#pragma once

#include "formats/send/origin.h"
#include "libfs/base/run_context.h"
#include "libfs/stream/stream_source.h"

#include <string>
#include <vector>

namespace btrkit::verify_stream {

struct Options {
    /// The receiver has parents and clone sources that are in no input: they are told of, but are no fault.
    bool parents_elsewhere = false;
};

using btrfs::send::Origin;

struct Subvolume {
    u64 offset = 0; ///< of its first command in the input
    std::string name;
    Origin origin;
    std::optional<Origin> parent;            ///< of a snapshot; nothing: it is whole
    std::optional<std::size_t> parent_input; ///< which input has the parent; nothing: none before
    u64 commands = 0;
    u64 data_bytes = 0;     ///< of file data in the stream, as it is there
    u64 unpacked_bytes = 0; ///< the same with what is compressed unpacked
};

enum class FaultKind {
    damaged,       ///< not a whole and sound stream; what follows in this input was not read
    unreadable,    ///< the host can't read the input
    order,         ///< a command where it can't stand
    path,          ///< a path that leads out, or a name that is none
    missing_parent ///< a parent or clone source that no stream before has
};

struct Fault {
    FaultKind kind = FaultKind::damaged;
    u64 offset = 0;   ///< in the input
    std::string text; ///< one line, with the place
};

struct InputReport {
    std::string name;
    std::vector<u32> stream_versions; ///< of each stream in it that is whole
    u64 bytes = 0;                    ///< that were read and understood
    u64 commands = 0;
    std::vector<Subvolume> subvolumes;
    std::vector<Fault> faults; ///< the first 100
    u64 fault_count = 0;

    bool is_sound() const { return fault_count == 0; }
};

struct Report {
    std::vector<InputReport> inputs; ///< in the order in which they were given

    bool is_sound() const;
};

/// Fails with cancelled alone: whatever is wrong with an input is a fault of it.
Result<Report> run(std::span<const StreamSource> inputs, const Options& options, const RunContext& context);

} // namespace btrkit::verify_stream
