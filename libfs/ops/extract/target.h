// SPDX-License-Identifier: MIT
// Where what is taken out goes. Each call says which thread makes it; what has no name here is done by nobody.
//
// Results: an Error means that the target can't go on at all (full, gone). What only one member can't have, is said in
// that member: Member::leave_out().
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/ops/extract/member.h"

namespace btrkit::extract {

class Target {
public:
    virtual ~Target() = default;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    /// Whether attributes of directories are wanted behind what stands in them, and not before.
    virtual bool wants_leave() const = 0;
    /// Whether it must know the holes of a file that comes in pieces before the first piece.
    virtual bool wants_holes() const = 0;

    // --- One thread, in order, before anything is read.

    /// The directory is made, or gone into where it is there; `self` is set.
    virtual Result<void> enter(Member& directory) = 0;
    /// The directories on the way to something found; the last of them.
    virtual Result<std::shared_ptr<Place>> enter_path(std::string_view path) = 0;
    /// A file that comes in pieces begins; data: what of it is none of its holes, in order, if it wants_holes().
    virtual Result<void> begin_file(Member& file, const RangeSet& data) = 0;

    // --- Any thread, several at once.

    /// Before its contents are read: it may be present already, or impossible.
    virtual void look(Member& member) const = 0;
    virtual Result<void> work(Member& member) = 0;
    virtual Result<void> work_piece(Member& file, std::span<const Run> runs) = 0;

    // --- One thread, in order, behind the others.

    virtual Result<void> finish(Member& member) = 0;
    virtual Result<void> finish_piece(Member& file, std::span<const Run> runs) = 0;
    virtual Result<void> end_file(Member& file) = 0;

    /// Behind the last.
    virtual Result<void> close() = 0;

protected:
    Target() = default;
};

} // namespace btrkit::extract
