// SPDX-License-Identifier: MIT
#include "libfs/io/undo_reader.h"

#include "libfs/base/names.h"
#include "libfs/io/undo_chain.h"

#include <fcntl.h>
#include <fmt/format.h>

namespace btrkit {

namespace {

using undo_format::RecordKind;

std::unexpected<Error> damaged(const HostFile& file, u64 offset, std::string_view what) {
    return fail(ErrorKind::damaged, fmt::format("{}: the undo file is damaged at offset {}: {}; it can't be used",
                                                printable(file.path()), offset, what));
}

/// One record, proven to stand where its writer put it.
struct Record {
    RecordKind kind;
    Bytes body;
    u64 offset; ///< of its head
};

/// Goes from record to record, and holds one of them.
class Records {
public:
    explicit Records(const HostFile& file) : file_(&file) {}

    Result<void> begin() {
        undo_format::FileStart start;
        if (file_->size_bytes() < sizeof(start)) {
            return no_undo_file();
        }
        BTRKIT_TRY(read(std::as_writable_bytes(std::span(&start, 1))));
        if (start.magic != undo_format::file_magic) {
            return no_undo_file();
        }
        if (start.version != undo_format::file_version) {
            return fail(ErrorKind::unsupported,
                        fmt::format("{}: an undo file of version {}, this program knows version {}",
                                    printable(file_->path()), u32{start.version}, undo_format::file_version));
        }
        link_ = undo_hash(as_bytes_of(start), 0);
        return {};
    }

    /// nullopt: the file ends here, or within the next record.
    Result<std::optional<Record>> next() {
        const u64 at = offset_;
        undo_format::RecordHead head;
        if (left() < sizeof(head)) {
            return std::nullopt;
        }
        BTRKIT_TRY(read(std::as_writable_bytes(std::span(&head, 1))));
        const u64 head_hash = undo_head_hash(head, link_);
        if (head.hash != static_cast<u32>(head_hash) || head.length_bytes > undo_format::max_body_bytes) {
            return damaged(*file_, at, "the head of a record is not what was written");
        }
        if (left() < head.length_bytes + sizeof(undo_format::Link)) {
            return std::nullopt;
        }
        body_.resize(head.length_bytes + sizeof(undo_format::Link));
        BTRKIT_TRY(read(body_));
        const Bytes body = Bytes(body_).first(head.length_bytes);
        link_ = undo_hash(body, head_hash);
        if (*view_at<undo_format::Link>(body_, body.size()) != link_) {
            return damaged(*file_, at, "a record is not what was written");
        }
        return Record{.kind = static_cast<RecordKind>(u32{head.kind}), .body = body, .offset = at};
    }

    bool is_at_end() const { return left() == 0; }
    u64 offset() const { return offset_; }

private:
    u64 left() const { return file_->size_bytes() - offset_; }

    Result<void> read(MutableBytes out) {
        BTRKIT_TRY(file_->read_scattered(offset_, std::span(&out, 1)));
        offset_ += out.size();
        return {};
    }

    std::unexpected<Error> no_undo_file() const {
        return fail(ErrorKind::usage, printable(file_->path()) + ": not an undo file");
    }

    const HostFile* file_;
    std::vector<std::byte> body_;
    u64 offset_ = 0;
    u64 link_ = 0;
};

BornBlock born_block(const undo_format::BornEntry& entry) {
    return {.devid = entry.devid,
            .offset = entry.offset,
            .address = entry.address,
            .generation = entry.generation,
            .length_bytes = entry.length_bytes};
}

} // namespace

/// The chain proves that a record is what was written; this, that what was written makes sense.
class UndoReader::Learner {
public:
    explicit Learner(UndoReader& reader) : reader_(reader), records_(reader.file_) {}

    Result<void> learn() {
        BTRKIT_TRY(records_.begin());
        while (true) {
            BTRKIT_TRY_ASSIGN(const auto record, records_.next());
            if (!record) {
                return {};
            }
            const bool is_first = record_count_ == 0;
            if (is_first != (record->kind == RecordKind::identity) || !take(*record)) {
                return damaged(reader_.file_, record->offset, "a record makes no sense");
            }
            ++record_count_;
            if (record->kind == RecordKind::end) {
                return finish();
            }
        }
    }

private:
    bool take(const Record& record) {
        switch (record.kind) {
        case RecordKind::identity: return take_identity(record.body);
        case RecordKind::pre_image: return take_pre_image(record.body);
        case RecordKind::superblock: return take_superblock(record.body);
        case RecordKind::born: return take_born(record.body);
        case RecordKind::end: return take_end(record.body);
        }
        return false;
    }

    bool is_inside(const undo_format::BytesAt& place, u64 length_bytes) const {
        return reader_.identity_->is_inside(place.devid, place.offset, length_bytes);
    }

    bool take_identity(Bytes body) {
        const auto* fixed = view_at<undo_format::Identity>(body);
        if (fixed == nullptr || fixed->device_count == 0 || fixed->device_count > undo_format::max_device_count ||
            body.size() != sizeof(*fixed) + fixed->device_count * sizeof(undo_format::DeviceEntry) ||
            fixed->new_generation <= fixed->old_generation) {
            return false;
        }
        UndoIdentity identity{.fsid = fixed->fsid,
                              .tree_fsid = fixed->tree_fsid,
                              .old_generation = fixed->old_generation,
                              .new_generation = fixed->new_generation};
        for (u32 i = 0; i < fixed->device_count; ++i) {
            const auto* entry =
                view_at<undo_format::DeviceEntry>(body, sizeof(*fixed) + i * sizeof(undo_format::DeviceEntry));
            if (identity.device(entry->devid) != nullptr) {
                return false;
            }
            identity.devices.push_back({.devid = entry->devid, .uuid = entry->uuid, .size_bytes = entry->size_bytes});
        }
        reader_.identity_ = std::move(identity);
        return true;
    }

    bool take_pre_image(Bytes body) {
        const auto* place = view_at<undo_format::BytesAt>(body);
        if (place == nullptr || !is_inside(*place, body.size() - sizeof(*place))) {
            return false;
        }
        reader_.pre_image_bytes_ += body.size() - sizeof(*place);
        return true;
    }

    bool take_superblock(Bytes body) {
        const auto* place = view_at<undo_format::BytesAt>(body);
        if (place == nullptr || body.size() != sizeof(*place) + 2 * btrfs::superblock_size ||
            !is_inside(*place, btrfs::superblock_size) ||
            std::ranges::find(btrfs::superblock_offsets, u64{place->offset}) == btrfs::superblock_offsets.end() ||
            std::ranges::any_of(reader_.superblocks_, [&](const UndoSuperblock& known) {
                return known.devid == place->devid && known.offset == place->offset;
            })) {
            return false;
        }
        const Bytes before = body.subspan(sizeof(*place), btrfs::superblock_size);
        const Bytes after = body.last(btrfs::superblock_size);
        reader_.superblocks_.push_back({.devid = place->devid,
                                        .offset = place->offset,
                                        .before = {before.begin(), before.end()},
                                        .after = {after.begin(), after.end()}});
        return true;
    }

    bool take_born(Bytes body) {
        if (body.size() % sizeof(undo_format::BornEntry) != 0) {
            return false;
        }
        for (std::size_t at = 0; at < body.size(); at += sizeof(undo_format::BornEntry)) {
            const auto block = born_block(*view_at<undo_format::BornEntry>(body, at));
            if (!reader_.identity_->is_inside(block.devid, block.offset, block.length_bytes)) {
                return false;
            }
            ++reader_.born_count_;
        }
        return true;
    }

    bool take_end(Bytes body) const {
        const auto* end = view_at<undo_format::End>(body);
        return end != nullptr && body.size() == sizeof(*end) && end->record_count == record_count_ &&
               end->pre_image_bytes == reader_.pre_image_bytes_ && end->born_count == reader_.born_count_;
    }

    Result<void> finish() {
        if (!records_.is_at_end()) {
            return damaged(reader_.file_, records_.offset(), "there is something behind its end");
        }
        const auto has_first_superblock = [&](const UndoDevice& device) {
            return std::ranges::any_of(reader_.superblocks_, [&](const UndoSuperblock& super) {
                return super.devid == device.devid && super.offset == btrfs::superblock_offsets.front();
            });
        };
        if (!std::ranges::all_of(reader_.identity_->devices, has_first_superblock)) {
            return damaged(reader_.file_, records_.offset(), "it lacks the first superblock of a device");
        }
        reader_.is_sealed_ = true;
        return {};
    }

    UndoReader& reader_;
    Records records_;
    u64 record_count_ = 0;
};

Result<UndoReader> UndoReader::open(const std::string& path) {
    BTRKIT_TRY_ASSIGN(auto file, HostFile::open(path, O_RDONLY));
    UndoReader reader(std::move(file));
    BTRKIT_TRY(Learner(reader).learn());
    return reader;
}

namespace {

/// Calls take(record) for all of one kind. The file was proven when it was opened; it may have changed since.
template <class Take>
Result<void> for_each_record(const HostFile& file, RecordKind kind, Take take) {
    Records records(file);
    BTRKIT_TRY(records.begin());
    while (true) {
        BTRKIT_TRY_ASSIGN(const auto record, records.next());
        if (!record) {
            return damaged(file, records.offset(), "it was cut while it was read");
        }
        if (record->kind == RecordKind::end) {
            return {};
        }
        if (record->kind == kind) {
            BTRKIT_TRY(take(*record));
        }
    }
}

std::unexpected<Error> changed_meanwhile(const HostFile& file, u64 offset) {
    return damaged(file, offset, "it was changed while it was read");
}

} // namespace

Result<void> UndoReader::for_each_pre_image(const std::function<Result<void>(const PreImage&)>& visit) const {
    return for_each_record(file_, RecordKind::pre_image, [&](const Record& record) -> Result<void> {
        const auto* place = view_at<undo_format::BytesAt>(record.body);
        if (place == nullptr ||
            !identity_->is_inside(place->devid, place->offset, record.body.size() - sizeof(*place))) {
            return changed_meanwhile(file_, record.offset);
        }
        return visit({.devid = place->devid, .offset = place->offset, .bytes = record.body.subspan(sizeof(*place))});
    });
}

Result<void> UndoReader::for_each_born(const std::function<Result<void>(const BornBlock&)>& visit) const {
    return for_each_record(file_, RecordKind::born, [&](const Record& record) -> Result<void> {
        for (std::size_t at = 0; at + sizeof(undo_format::BornEntry) <= record.body.size();
             at += sizeof(undo_format::BornEntry)) {
            const auto block = born_block(*view_at<undo_format::BornEntry>(record.body, at));
            if (!identity_->is_inside(block.devid, block.offset, block.length_bytes)) {
                return changed_meanwhile(file_, record.offset);
            }
            BTRKIT_TRY(visit(block));
        }
        return {};
    });
}

} // namespace btrkit
