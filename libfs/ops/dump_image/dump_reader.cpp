// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/dump_reader.h"

#include "libfs/base/names.h"
#include "libfs/ops/dump_image/dump_check.h"

#include <fmt/format.h>
#include <zstd.h>

namespace btrkit::dump_image {

namespace {

using dump_format::PieceKind;

/// Nobody wonders where an image ends beyond this; hosts refuse such files anyway.
constexpr u64 max_device_bytes = u64{1} << 62;

template <class T>
MutableBytes bytes_for(T& value) {
    return std::as_writable_bytes(std::span(&value, 1));
}

} // namespace

std::unexpected<Error> DumpReader::damaged(std::string_view why) const {
    return fail(ErrorKind::damaged,
                fmt::format("{}: is damaged at offset {}: {}", printable(source_->name), piece_offset_, why));
}

Result<DumpReader> DumpReader::open(const StreamSource& source) {
    DumpReader reader(source);
    BTRKIT_TRY(reader.read_start());
    return reader;
}

Result<void> DumpReader::fill(MutableBytes out) {
    while (!out.empty()) {
        BTRKIT_TRY_ASSIGN(const auto count, source_->source(out));
        if (count == 0) {
            return damaged("it ends there");
        }
        offset_ += count;
        out = out.subspan(count);
    }
    return {};
}

Result<void> DumpReader::read_start() {
    BTRKIT_TRY(fill(bytes_for(start_)));
    if (start_.magic != dump_format::file_magic) {
        return fail(ErrorKind::damaged, printable(source_->name) + ": is no dump that btrkit-dump-image made");
    }
    if (start_.version != dump_format::file_version) {
        return fail(ErrorKind::unsupported,
                    fmt::format("{}: is a dump of version {}, but {} is the only one known", printable(source_->name),
                                u32{start_.version}, dump_format::file_version));
    }
    if (start_.device_count == 0 || start_.device_count > dump_format::max_device_count) {
        return damaged(fmt::format("of {} devices", u32{start_.device_count}));
    }
    devices_.resize(start_.device_count);
    BTRKIT_TRY(fill(std::as_writable_bytes(std::span(devices_))));
    check_ = start_.check;
    if (check_of_start(start_, devices_) != check_) {
        return damaged("wrong checksum");
    }
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        if ((i > 0 && devices_[i].devid <= devices_[i - 1].devid) || devices_[i].size_bytes > max_device_bytes) {
            return damaged(fmt::format("impossible device {}", u64{devices_[i].devid}));
        }
    }
    return {};
}

Result<bool> DumpReader::next_piece(const PlaceSink& sink) {
    piece_offset_ = offset_;
    dump_format::PieceHead head;
    BTRKIT_TRY(fill(bytes_for(head)));
    if (head.stored_bytes > dump_format::max_stored_bytes || head.plain_bytes > dump_format::max_plain_bytes) {
        return damaged(fmt::format("a piece of {} bytes, {} unpacked", u32{head.stored_bytes}, u32{head.plain_bytes}));
    }
    body_.resize(head.stored_bytes);
    BTRKIT_TRY(fill(body_));
    check_ = check_of_piece(head, body_, check_);
    if (head.check != check_) {
        return damaged("wrong checksum");
    }
    switch (static_cast<PieceKind>(u32{head.kind})) {
    case PieceKind::bytes: {
        BTRKIT_TRY_ASSIGN(const Bytes plain, unpack(body_, head.plain_bytes));
        BTRKIT_TRY(read_records(plain, sink));
        return true;
    }
    case PieceKind::end: BTRKIT_TRY(read_end(body_)); return false;
    }
    return damaged(fmt::format("unknown piece of kind {}", u32{head.kind}));
}

Result<Bytes> DumpReader::unpack(Bytes body, u64 plain_bytes) {
    plain_.resize(plain_bytes);
    const std::size_t size = ZSTD_decompress(plain_.data(), plain_.size(), body.data(), body.size());
    if (ZSTD_isError(size) != 0U || size != plain_bytes) {
        return damaged("can't be unpacked");
    }
    return Bytes(plain_);
}

Result<void> DumpReader::read_records(Bytes plain, const PlaceSink& sink) {
    while (!plain.empty()) {
        const auto* head = view_at<dump_format::RecordHead>(plain);
        if (head == nullptr || head->length_bytes == 0 || head->length_bytes > dump_format::max_record_bytes ||
            head->place_count == 0 || head->place_count > dump_format::max_place_count) {
            return damaged(fmt::format("record {} is impossible", record_count_));
        }
        const std::size_t places = head->place_count * sizeof(dump_format::RecordPlace);
        if (plain.size() - sizeof(*head) < places + head->length_bytes) {
            return damaged(fmt::format("record {} is cut off", record_count_));
        }
        const Bytes bytes = plain.subspan(sizeof(*head) + places, head->length_bytes);
        for (u32 i = 0; i < head->place_count; ++i) {
            const auto& place =
                *view_at<dump_format::RecordPlace>(plain, sizeof(*head) + i * sizeof(dump_format::RecordPlace));
            BTRKIT_TRY(check_place(place, bytes.size()));
            placed_bytes_ += place.length_bytes;
            BTRKIT_TRY(sink(bytes, place));
        }
        ++record_count_;
        plain = plain.subspan(sizeof(*head) + places + bytes.size());
    }
    return {};
}

Result<void> DumpReader::check_place(const dump_format::RecordPlace& place, u64 length_bytes) const {
    const auto device = std::ranges::lower_bound(
        devices_, u64{place.devid}, {}, [](const dump_format::DeviceEntry& entry) { return u64{entry.devid}; });
    if (device == devices_.end() || device->devid != place.devid) {
        return damaged(fmt::format("record {} is for device {}, which it has not", record_count_, u64{place.devid}));
    }
    const u64 length = place.length_bytes;
    const bool is_in_bytes = place.from <= length_bytes && length <= length_bytes - place.from;
    const bool is_in_device = place.offset <= device->size_bytes && length <= device->size_bytes - place.offset;
    if (!is_in_bytes || !is_in_device || length == 0) {
        return damaged(fmt::format("record {}: {} bytes at {} of device {} are out of bounds", record_count_, length,
                                   u64{place.offset}, u64{place.devid}));
    }
    return {};
}

Result<void> DumpReader::read_end(Bytes body) {
    const auto* end = view_at<dump_format::End>(body);
    if (end == nullptr || body.size() != sizeof(*end) || end->record_count != record_count_ ||
        end->placed_bytes != placed_bytes_) {
        return damaged("its end does not tell what it has");
    }
    std::byte behind{};
    BTRKIT_TRY_ASSIGN(const auto count, source_->source(std::span(&behind, 1)));
    piece_offset_ = offset_;
    return count == 0 ? Result<void>() : damaged("something stands behind its end");
}

} // namespace btrkit::dump_image
