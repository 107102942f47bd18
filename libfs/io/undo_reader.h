// SPDX-License-Identifier: MIT
// An undo file, read. What is handed out has been proven, byte by byte, and lies inside its device.
#pragma once

#include "formats/undo/undo_file.h"
#include "libfs/io/host_file.h"
#include "libfs/io/undo_file.h"

#include <functional>
#include <optional>
#include <string>

namespace btrkit {

/// Whatever the bytes are, memory stays below 2 MiB and what max_device_count devices' superblocks take.
class UndoReader {
public:
    /// Reads all of it. Fails with io, with usage where it is no undo file, with unsupported where it is of a newer
    /// version, and with damaged where any byte is not what was written. A file without its end is no failure: see
    /// is_sealed().
    static Result<UndoReader> open(const std::string& path);

    /// False: the file ends before its end. What it was made for was stopped before it overwrote anything, or the file
    /// was cut since: who knows. Nothing but the identity may be asked for then, and not even that is always there.
    bool is_sealed() const { return is_sealed_; }
    const std::string& path() const { return file_.path(); }
    const std::optional<UndoIdentity>& identity() const { return identity_; }

    /// Of each device the first one, and others.
    const std::vector<UndoSuperblock>& superblocks() const { return superblocks_; }
    u64 pre_image_bytes() const { return pre_image_bytes_; }
    u64 born_count() const { return born_count_; }

    /// In the order in which they were saved, in pieces of at most 1 MiB, read and proven again. Fails as open() does,
    /// and as the visitor does.
    Result<void> for_each_pre_image(const std::function<Result<void>(const PreImage&)>& visit) const;
    Result<void> for_each_born(const std::function<Result<void>(const BornBlock&)>& visit) const;

private:
    /// Learns, record by record, what the file says of itself.
    class Learner;

    explicit UndoReader(HostFile file) : file_(std::move(file)) {}

    HostFile file_;
    std::optional<UndoIdentity> identity_ = {};
    std::vector<UndoSuperblock> superblocks_ = {};
    u64 pre_image_bytes_ = 0;
    u64 born_count_ = 0;
    bool is_sealed_ = false;
};

} // namespace btrkit
