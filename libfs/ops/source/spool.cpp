// SPDX-License-Identifier: MIT
#include "libfs/ops/source/spool.h"

#include <algorithm>
#include <cassert>

namespace btrkit::source {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

} // namespace

Result<std::unique_ptr<SpoolContent>> SpoolContent::make(const std::string& directory) {
    BTRKIT_TRY_ASSIGN(auto file, TemporaryFile::make(directory));
    return std::unique_ptr<SpoolContent>(new SpoolContent(std::move(file)));
}

u32 SpoolContent::begin_file() {
    first_pieces_.push_back(pieces_.size());
    return static_cast<u32>(first_pieces_.size() - 1);
}

Result<void> SpoolContent::append(u64 offset, Bytes bytes) {
    const bool is_first = first_pieces_.back() == pieces_.size();
    if (!is_first && pieces_.back().offset + pieces_.back().length == offset) {
        pieces_.back().length += bytes.size();
    } else {
        assert(is_first || offset > pieces_.back().offset + pieces_.back().length);
        pieces_.push_back({.offset = offset, .length = bytes.size(), .at = written_ + waiting_.size()});
    }
    if (waiting_.size() + bytes.size() > buffer_bytes) {
        BTRKIT_TRY(flush());
    }
    if (bytes.size() >= buffer_bytes) {
        return write_out(bytes);
    }
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    return {};
}

Result<void> SpoolContent::flush() {
    const Result<void> done = write_out(waiting_);
    waiting_.clear();
    return done;
}

Result<void> SpoolContent::write_out(Bytes bytes) {
    BTRKIT_TRY(file_.write(written_, bytes));
    written_ += bytes.size();
    return {};
}

Result<void> SpoolContent::read(u32 content, u64 offset, MutableBytes out) const {
    assert(content < first_pieces_.size() && waiting_.empty());
    const std::size_t first = first_pieces_[content];
    const std::size_t end = content + 1 < first_pieces_.size() ? first_pieces_[content + 1] : pieces_.size();
    const auto of_file = std::span(pieces_).subspan(first, end - first);
    const auto ends_at = [](const Piece& piece) { return piece.offset + piece.length; };
    auto piece = std::ranges::upper_bound(of_file, offset, {}, ends_at);
    while (!out.empty()) {
        const u64 hole_end = piece == of_file.end() ? offset + out.size() : std::max(piece->offset, offset);
        const auto hole = out.first(std::min<u64>(hole_end - offset, out.size()));
        std::ranges::fill(hole, std::byte{0});
        offset += hole.size();
        out = out.subspan(hole.size());
        if (out.empty()) {
            break;
        }
        const u64 within = offset - piece->offset;
        const auto data = out.first(std::min<u64>(piece->length - within, out.size()));
        BTRKIT_TRY(file_.read(piece->at + within, data));
        offset += data.size();
        out = out.subspan(data.size());
        ++piece;
    }
    return {};
}

} // namespace btrkit::source
