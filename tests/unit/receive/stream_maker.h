// SPDX-License-Identifier: MIT
// Streams by hand, well formed, whatever they say.
#pragma once

#include "libfs/stream/encoder.h"

#include <doctest/doctest.h>

namespace btrkit::test {

inline btrfs::Uuid maker_uuid(u8 number) {
    btrfs::Uuid uuid;
    uuid.bytes.fill(number);
    return uuid;
}

class StreamMaker {
public:
    using A = btrfs::send::Attribute;
    using C = btrfs::send::Command;

    explicit StreamMaker(u32 version = 1) : encoder_(version, sink_) { REQUIRE(encoder_.write_stream_header()); }

    StreamMaker& subvol(std::string_view name = "sv", u8 uuid = 1) {
        begin(C::subvol, name).put_uuid(A::uuid, maker_uuid(uuid));
        encoder_.put_integer(A::ctransid, uuid);
        return done();
    }
    StreamMaker& snapshot(std::string_view name, u8 uuid, u8 parent, u64 parent_ctransid) {
        begin(C::snapshot, name).put_uuid(A::uuid, maker_uuid(uuid));
        encoder_.put_integer(A::ctransid, uuid);
        encoder_.put_uuid(A::clone_uuid, maker_uuid(parent));
        encoder_.put_integer(A::clone_ctransid, parent_ctransid);
        return done();
    }
    StreamMaker& make(C what, std::string_view path, u64 inode = 300) {
        begin(what, path).put_integer(A::ino, inode);
        return done();
    }
    StreamMaker& file(std::string_view path, u64 inode = 300) { return make(C::mkfile, path, inode); }
    StreamMaker& dir(std::string_view path, u64 inode = 301) { return make(C::mkdir, path, inode); }
    StreamMaker& symlink(std::string_view path, std::string_view target) {
        begin(C::symlink, path).put_integer(A::ino, 302);
        encoder_.put_text(A::path_link, target);
        return done();
    }
    StreamMaker& two_paths(C what, std::string_view path, std::string_view other) {
        begin(what, path).put_text(what == C::rename ? A::path_to : A::path_link, other);
        return done();
    }
    StreamMaker& one_path(C what, std::string_view path) {
        begin(what, path);
        return done();
    }
    StreamMaker& write(std::string_view path, u64 offset, std::string_view data) {
        begin(C::write, path).put_integer(A::file_offset, offset);
        encoder_.put_data(A::data, std::as_bytes(std::span(data)));
        return done();
    }
    StreamMaker& truncate(std::string_view path, u64 size) {
        begin(C::truncate, path).put_integer(A::size, size);
        return done();
    }
    struct Source {
        u8 uuid = 1;
        u64 ctransid = 1;
        std::string_view path;
        u64 offset = 0;
    };
    StreamMaker& clone(std::string_view path, u64 offset, u64 length, const Source& from) {
        encoder_.begin(C::clone);
        encoder_.put_integer(A::file_offset, offset);
        encoder_.put_integer(A::clone_len, length);
        encoder_.put_text(A::path, path);
        encoder_.put_uuid(A::clone_uuid, maker_uuid(from.uuid));
        encoder_.put_integer(A::clone_ctransid, from.ctransid);
        encoder_.put_text(A::clone_path, from.path);
        encoder_.put_integer(A::clone_offset, from.offset);
        return done();
    }
    struct Encoded {
        u64 file_bytes = 0;
        u64 plain_bytes = 0;
        u64 plain_offset = 0;
        u32 compression = 2;
    };
    StreamMaker& encoded(std::string_view path, u64 offset, const Encoded& how, Bytes packed) {
        begin(C::encoded_write, path).put_integer(A::file_offset, offset);
        encoder_.put_integer(A::unencoded_file_len, how.file_bytes);
        encoder_.put_integer(A::unencoded_len, how.plain_bytes);
        encoder_.put_integer(A::unencoded_offset, how.plain_offset);
        encoder_.put_integer(A::compression, how.compression);
        encoder_.put_data(A::data, packed);
        return done();
    }
    StreamMaker& xattr(std::string_view path, std::string_view name, std::string_view value) {
        begin(C::set_xattr, path).put_text(A::xattr_name, name);
        encoder_.put_data(A::xattr_data, std::as_bytes(std::span(value)));
        return done();
    }
    StreamMaker& utimes(std::string_view path, const btrfs::Timespec& time) {
        begin(C::utimes, path);
        for (const auto which : {A::atime, A::mtime, A::ctime}) {
            encoder_.put_time(which, time);
        }
        return done();
    }
    StreamMaker& number(C what, std::string_view path, A which, u64 value) {
        begin(what, path).put_integer(which, value);
        return done();
    }
    StreamMaker& range(C what, std::string_view path, u64 offset, u64 length, std::optional<u64> mode = {}) {
        begin(what, path);
        if (mode) {
            encoder_.put_integer(A::fallocate_mode, *mode);
        }
        encoder_.put_integer(A::file_offset, offset);
        encoder_.put_integer(A::size, length);
        return done();
    }

    /// With `end`.
    std::string stream() {
        REQUIRE(encoder_.put_command(C::end));
        return std::string(sink_.text());
    }

private:
    Encoder& begin(C what, std::string_view path) {
        encoder_.begin(what);
        encoder_.put_text(A::path, path);
        return encoder_;
    }
    StreamMaker& done() {
        const auto finished = encoder_.finish();
        REQUIRE_MESSAGE(finished, finished.error().message);
        return *this;
    }

    StringSink sink_;
    Encoder encoder_;
};

} // namespace btrkit::test
