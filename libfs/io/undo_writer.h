// SPDX-License-Identifier: MIT
// Saves what a change of a filesystem is going to overwrite. The order that whoever changes one keeps to: new blocks
// into space that is free in the old filesystem; everything else, superblocks too, saved here; seal(); and only then
// written.
#pragma once

#include "formats/undo/undo_file.h"
#include "libfs/io/host_file.h"
#include "libfs/io/undo_file.h"

#include <initializer_list>
#include <string>

namespace btrkit {

/// Writes an undo file, with one thread; memory does not grow with what is saved. Everything fails with io where the
/// file can't be written, and then with the same ever after; and with bug where what is to be saved does not belong to
/// the identity.
class UndoWriter {
public:
    /// A new file. device_paths: of all devices, as users gave them. Fails with usage where something is at path
    /// already or its folder is not there, with refused where it would lie on one of the devices or below /dev, with
    /// unsupported where there are too many devices, and with io. Leaves nothing behind where it fails.
    static Result<UndoWriter> create(const std::string& path, UndoIdentity identity,
                                     const std::vector<std::string>& device_paths);
    UndoWriter(UndoWriter&& other) noexcept;
    UndoWriter& operator=(UndoWriter&&) = delete;
    UndoWriter(const UndoWriter&) = delete;
    UndoWriter& operator=(const UndoWriter&) = delete;
    /// Removes the file unless it was sealed: without seal() nothing may have been overwritten.
    ~UndoWriter();

    const UndoIdentity& identity() const { return identity_; }
    const std::string& path() const { return file_.path(); }

    /// What stands on a device outside the superblocks' places: any length, in any order.
    Result<void> save(u64 devid, u64 offset, Bytes pre_image);
    /// For each place that the change's superblocks will be written to: what stands there, and what will. Both are
    /// btrfs::superblock_size long. See save_superblocks() in volume/.
    Result<void> save_superblock(u64 devid, u64 offset, Bytes before, Bytes after);
    /// For each copy of each new tree block.
    Result<void> note_born(const BornBlock& block);

    /// Ends the file. When this succeeds, file and name are on stable storage, and what was saved may be overwritten.
    /// Nothing can be saved behind it.
    Result<void> seal();
    /// Takes the file away: the change has overwritten nothing after all. Fails with io.
    Result<void> remove();

private:
    UndoWriter(HostFile file, UndoIdentity identity) : file_(std::move(file)), identity_(std::move(identity)) {}

    Result<void> begin();
    Result<void> check_place(u64 devid, u64 offset, u64 length_bytes) const;
    /// Parts one behind the other are the body.
    Result<void> put_record(undo_format::RecordKind kind, std::initializer_list<Bytes> parts);
    Result<void> put_born();
    Result<void> write_out();

    HostFile file_;
    UndoIdentity identity_;
    std::vector<std::byte> buffer_ = {}; ///< what is not in the file yet
    std::vector<std::byte> born_ = {};   ///< entries that no record has yet
    u64 link_ = 0;                       ///< of the last record
    u64 offset_ = 0;                     ///< in the file, behind what was written
    u64 record_count_ = 0;
    u64 pre_image_bytes_ = 0;
    u64 born_count_ = 0;
    bool owns_file_ = true; ///< false: sealed, removed, or moved from
    bool sealed_ = false;
};

} // namespace btrkit
