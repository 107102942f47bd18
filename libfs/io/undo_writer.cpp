// SPDX-License-Identifier: MIT
#include "libfs/io/undo_writer.h"

#include "libfs/base/names.h"
#include "libfs/base/unique_fd.h"
#include "libfs/io/undo_chain.h"

#include <cassert>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit {

namespace {

using undo_format::RecordKind;

/// So much is gathered before it is written.
constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

void append(std::vector<std::byte>& to, Bytes bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

std::string folder_of(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// A file that can't be there when it is needed: what is being changed would hold it, or nothing lasts there.
Result<void> refuse_place(const std::string& path, const std::vector<std::string>& device_paths) {
    struct stat folder{};
    if (::stat(folder_of(path).c_str(), &folder) != 0) {
        return fail(ErrorKind::usage, fmt::format("{}: the folder of the undo file: {}", printable(folder_of(path)),
                                                  std::strerror(errno)));
    }
    std::error_code error;
    const auto whole = std::filesystem::weakly_canonical(path, error).string();
    if (whole.starts_with("/dev/") && !whole.starts_with("/dev/shm/")) {
        return fail(ErrorKind::refused, printable(path) + ": no undo file is made below /dev");
    }
    for (const auto& device_path : device_paths) {
        struct stat device{};
        struct stat file{};
        const bool is_there = ::stat(device_path.c_str(), &device) == 0;
        const bool is_it = ::stat(path.c_str(), &file) == 0 && is_there && device.st_dev == file.st_dev &&
                           device.st_ino == file.st_ino;
        if (is_it || (is_there && S_ISBLK(device.st_mode) && device.st_rdev == folder.st_dev)) {
            return fail(ErrorKind::refused, fmt::format("{}: an undo file may not lie on what it is for, {}",
                                                        printable(path), printable(device_path)));
        }
    }
    return {};
}

Result<void> sync_folder(const std::string& path) {
    const auto folder = folder_of(path);
    const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) {
        return fail(ErrorKind::io, fmt::format("{}: cannot flush the folder of the undo file: {}", printable(folder),
                                               std::strerror(errno)));
    }
    return {};
}

} // namespace

Result<UndoWriter> UndoWriter::create(const std::string& path, UndoIdentity identity,
                                      const std::vector<std::string>& device_paths) {
    if (identity.devices.size() > undo_format::max_device_count) {
        return fail(ErrorKind::unsupported, fmt::format("{}: an undo file takes at most {} devices", printable(path),
                                                        undo_format::max_device_count));
    }
    BTRKIT_TRY(refuse_place(path, device_paths));
    BTRKIT_TRY_ASSIGN(auto file, HostFile::create(path));
    UndoWriter writer(std::move(file), std::move(identity));
    BTRKIT_TRY(writer.begin());
    return writer;
}

UndoWriter::UndoWriter(UndoWriter&& other) noexcept
    : file_(std::move(other.file_)), identity_(std::move(other.identity_)), buffer_(std::move(other.buffer_)),
      born_(std::move(other.born_)), link_(other.link_), offset_(other.offset_), record_count_(other.record_count_),
      pre_image_bytes_(other.pre_image_bytes_), born_count_(other.born_count_),
      owns_file_(std::exchange(other.owns_file_, false)), sealed_(other.sealed_) {}

UndoWriter::~UndoWriter() {
    if (owns_file_) {
        ::unlink(path().c_str());
    }
}

Result<void> UndoWriter::begin() {
    undo_format::FileStart start{.magic = undo_format::file_magic, .version = undo_format::file_version, .reserved = 0};
    append(buffer_, as_bytes_of(start));
    link_ = undo_hash(as_bytes_of(start), 0);

    undo_format::Identity fixed;
    fixed.fsid = identity_.fsid;
    fixed.tree_fsid = identity_.tree_fsid;
    fixed.old_generation = identity_.old_generation;
    fixed.new_generation = identity_.new_generation;
    fixed.device_count = static_cast<u32>(identity_.devices.size());
    std::vector<undo_format::DeviceEntry> entries;
    for (const auto& device : identity_.devices) {
        entries.push_back({.devid = device.devid, .uuid = device.uuid, .size_bytes = device.size_bytes});
    }
    BTRKIT_TRY(put_record(RecordKind::identity, {as_bytes_of(fixed), std::as_bytes(std::span(entries))}));
    // At once: whoever finds the file after a loss of power sees what it was for.
    return write_out();
}

Result<void> UndoWriter::check_place(u64 devid, u64 offset, u64 length_bytes) const {
    if (sealed_) {
        return fail_as_bug(fmt::format("{}: something is saved behind the end of the undo file", printable(path())));
    }
    if (!identity_.is_inside(devid, offset, length_bytes)) {
        return fail_as_bug(fmt::format("{}: bytes {} to {} of device {} are to be saved, which has no such place",
                                       printable(path()), offset, offset + length_bytes, devid));
    }
    return {};
}

Result<void> UndoWriter::save(u64 devid, u64 offset, Bytes pre_image) {
    BTRKIT_TRY(check_place(devid, offset, pre_image.size()));
    pre_image_bytes_ += pre_image.size();
    while (!pre_image.empty()) {
        const undo_format::BytesAt place{.devid = devid, .offset = offset};
        const Bytes piece = clipped(pre_image, 0, undo_format::max_body_bytes - sizeof(place));
        BTRKIT_TRY(put_record(RecordKind::pre_image, {as_bytes_of(place), piece}));
        pre_image = pre_image.subspan(piece.size());
        offset += piece.size();
    }
    return {};
}

Result<void> UndoWriter::save_superblock(u64 devid, u64 offset, Bytes before, Bytes after) {
    assert(before.size() == btrfs::superblock_size && after.size() == btrfs::superblock_size);
    BTRKIT_TRY(check_place(devid, offset, before.size()));
    const undo_format::BytesAt place{.devid = devid, .offset = offset};
    return put_record(RecordKind::superblock, {as_bytes_of(place), before, after});
}

Result<void> UndoWriter::note_born(const BornBlock& block) {
    BTRKIT_TRY(check_place(block.devid, block.offset, block.length_bytes));
    const undo_format::BornEntry entry{.devid = block.devid,
                                       .offset = block.offset,
                                       .address = block.address,
                                       .generation = block.generation,
                                       .length_bytes = block.length_bytes,
                                       .reserved = 0};
    append(born_, as_bytes_of(entry));
    ++born_count_;
    constexpr std::size_t entries_a_record = 1024;
    return born_.size() < entries_a_record * sizeof(entry) ? Result<void>{} : put_born();
}

Result<void> UndoWriter::put_born() {
    if (!born_.empty()) {
        BTRKIT_TRY(put_record(RecordKind::born, {Bytes(born_)}));
        born_.clear();
    }
    return {};
}

Result<void> UndoWriter::put_record(RecordKind kind, std::initializer_list<Bytes> parts) {
    std::size_t length = 0;
    for (const Bytes part : parts) {
        length += part.size();
    }
    assert(length <= undo_format::max_body_bytes);
    undo_format::RecordHead head{.kind = static_cast<u32>(kind), .length_bytes = static_cast<u32>(length), .hash = 0};
    const u64 head_hash = undo_head_hash(head, link_);
    head.hash = static_cast<u32>(head_hash);
    append(buffer_, as_bytes_of(head));
    for (const Bytes part : parts) {
        append(buffer_, part);
    }
    link_ = undo_hash(Bytes(buffer_).last(length), head_hash);
    append(buffer_, as_bytes_of(undo_format::Link(link_)));
    ++record_count_;
    return buffer_.size() < buffer_bytes ? Result<void>{} : write_out();
}

Result<void> UndoWriter::write_out() {
    Bytes bytes = buffer_;
    while (!bytes.empty()) {
        const ssize_t done = ::pwrite(file_.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return file_.failure("write the undo file", std::strerror(done < 0 ? errno : ENOSPC));
        }
        offset_ += static_cast<u64>(done);
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    buffer_.clear();
    return {};
}

Result<void> UndoWriter::seal() {
    BTRKIT_TRY(check_place(identity_.devices.front().devid, 0, 0));
    BTRKIT_TRY(put_born());
    const undo_format::End end{
        .record_count = record_count_, .pre_image_bytes = pre_image_bytes_, .born_count = born_count_};
    BTRKIT_TRY(put_record(RecordKind::end, {as_bytes_of(end)}));
    BTRKIT_TRY(write_out());
    if (::fsync(file_.fd()) != 0) {
        return file_.failure("flush the undo file");
    }
    BTRKIT_TRY(sync_folder(path()));
    sealed_ = true;
    owns_file_ = false;
    return {};
}

Result<void> UndoWriter::remove() {
    owns_file_ = false;
    if (::unlink(path().c_str()) != 0 && errno != ENOENT) {
        return file_.failure("remove");
    }
    return {};
}

} // namespace btrkit
