// SPDX-License-Identifier: MIT
// What the decoder takes, and what it says to everything else.
#include "tests/support/effort.h"
#include "tests/unit/stream/stream_builder.h"

#include <random>

namespace decoder_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

/// What is said to a stream of one command of this payload, and `end`.
std::string error_of(u32 version, C which, std::string_view payload) {
    return decode_error(header_of(version) + command(which, payload) + command(C::end, ""));
}

const std::string path_f = attribute(A::path, "f");

TEST_CASE("streams stand behind one another, and `end` may be left out between subvolumes") {
    const auto one = every_command(1);
    CHECK(decode_error(one + every_command(3)).empty());
    const auto open = one.substr(0, one.size() - sizeof(send::CommandHeader));
    CHECK(decode_error(open + one.substr(sizeof(send::StreamHeader))).empty());
    CHECK(decode_error(open + one).contains("a command of")); // a second header only behind an end
}

TEST_CASE("sources may give as little as they like") {
    for (const std::size_t at_once : {1, 2, 9, 10, 11, 4096}) {
        CHECK(decode_error(every_command(3), at_once).empty());
    }
}

TEST_CASE("commands of every size find their way through the buffer") {
    StringSink sink;
    Encoder encoder(2, sink);
    REQUIRE(encoder.write_stream_header());
    const std::string data(131072, 'x');
    std::mt19937 random(6);
    for (int i = 0; i < 200; ++i) {
        encoder.begin(C::write);
        encoder.put_text(A::path, "f");
        encoder.put_integer(A::file_offset, static_cast<u64>(i));
        encoder.put_data(A::data, bytes_of(data).first(random() % (data.size() + 1)));
        REQUIRE(encoder.finish());
    }
    REQUIRE(encoder.put_command(C::end));
    for (const std::size_t at_once : {std::string::npos, std::size_t{65521}}) {
        StringSink again;
        REQUIRE(encode_again(source_of(sink.text(), at_once), again));
        CHECK((again.text() == sink.text()));
    }
}

TEST_CASE("headers of streams") {
    CHECK(decode_error("") == "send stream, byte 0: there is no stream, the input is empty");
    CHECK(decode_error("btrfs-strEam").contains("bad magic"));
    CHECK(decode_error("btrfs-stream").contains("ends within the header"));
    CHECK(decode_error(header_of(0)).contains("version 0 of send streams is not known (1 to 3 are)"));
    CHECK(decode_error(header_of(4)).contains("version 4"));
    CHECK(decode_error(every_command(1) + "x").contains("bad magic"));
    Decoder decoder(source_of(""));
    CHECK(decoder.begin_stream().error().kind == ErrorKind::damaged);
}

TEST_CASE("a stream that is cut off anywhere is not whole") {
    for (u32 version = 1; version <= 3; ++version) {
        const auto stream = every_command(version);
        for (std::size_t length = 0; length < stream.size(); length += is_long_run() ? 1 : 3) {
            CAPTURE(length);
            CHECK(!decode_error(std::string_view(stream).substr(0, length)).empty());
        }
    }
    CHECK(decode_error(header_of(1)) ==
          "send stream, byte 17, command 1: the stream is cut off: it has no end command");
    CHECK(decode_error(header_of(1) + command(C::unlink, path_f).substr(0, 12)) ==
          "send stream, byte 17, command 1 (unlink): the stream is cut off within a command, after 12 of 15 bytes");
}

TEST_CASE("a wrong bit anywhere is found") {
    const auto stream = every_command(3);
    for (std::size_t bit = 0; bit < stream.size() * 8; bit += is_long_run() ? 1 : 7) {
        auto bad = stream;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        CAPTURE(bit);
        // Versions 2 and 3 differ in nothing but what they allow; 1 would be found by its attributes.
        CHECK(!decode_error(bad).empty());
    }
}

TEST_CASE("the checksum is named, and so is the place") {
    auto stream = header_of(1) + command(C::mkdir, path_f + integer(A::ino, 5)) + command(C::end, "");
    stream.back() = 0;
    CHECK(decode_error(stream) == "send stream, byte 44, command 2 (end): wrong checksum: 0x00c96c50 is stored, "
                                  "0x9dc96c50 computed");
}

TEST_CASE("commands that the version does not have") {
    CHECK(decode_error(header_of(3) + command(0, "")).contains("version 3 has no command 0"));
    CHECK(decode_error(header_of(3) + command(27, "")).contains("version 3 has no command 27"));
    CHECK(decode_error(header_of(3) + command(65535, "")).contains("version 3 has no command 65535"));
    for (const auto& info : send::commands) {
        if (info.since_version > 1) {
            CHECK(error_of(info.since_version - 1, info.command, "").contains("has no command"));
        }
    }
}

TEST_CASE("attributes that the version or the command does not have") {
    CHECK(error_of(3, C::unlink, path_f + attribute(u16{0}, "")).contains("version 3 has no attribute 0"));
    CHECK(error_of(3, C::unlink, path_f + attribute(u16{36}, "")).contains("version 3 has no attribute 36"));
    CHECK(error_of(1, C::unlink, path_f + integer(A::fileattr, 1)).contains("version 1 has no attribute 26"));
    CHECK(error_of(2, C::unlink, path_f + integer(A::ino, 1)).contains("ino does not belong to this command"));
    CHECK(error_of(1, C::end, path_f).contains("path does not belong"));
    CHECK(error_of(1, C::unlink, path_f + path_f).contains("path stands there twice"));
    CHECK(error_of(1, C::unlink, "").contains("path is missing"));
}

TEST_CASE("attributes that do not end where they should") {
    CHECK(error_of(1, C::unlink, path_f + "\x0f").contains("a byte is left over"));
    CHECK(error_of(1, C::unlink, raw(btrfs::le16{15})).contains("ends before the length of path"));
    CHECK(error_of(1, C::unlink, raw(btrfs::le16{15}) + "\x01").contains("ends before the length of path"));
    CHECK(error_of(1, C::unlink, raw(send::AttributeHeader{15, 65535}) + "abc") ==
          "send stream, byte 17, command 1 (unlink): path of 65535 bytes, but the command has 3 left");
    CHECK(error_of(1, C::unlink, attribute(A::path, std::string("f\0", 2))).contains("path holds a NUL"));
    // Targets of symlinks as btrfs-convert has stored them.
    const auto symlink_to = [&](std::string_view target) {
        return error_of(1, C::symlink, path_f + integer(A::ino, 1) + attribute(A::path_link, std::string(target)));
    };
    CHECK(symlink_to({"to\0", 3}).empty());
    CHECK(symlink_to({"to\0x", 4}).contains("path_link holds a NUL"));
    // In version 2 the length of DATA is data, and what follows it too.
    const auto front = path_f + integer(A::file_offset, 0);
    CHECK(error_of(1, C::write, front + attribute(A::data, "abc")).empty());
    CHECK(error_of(1, C::write, front + data_without_length("abc")).contains("data of"));
    CHECK(error_of(2, C::write, front + data_without_length("")).empty());
    CHECK(error_of(2, C::write, path_f + data_without_length("abc") + integer(A::file_offset, 0))
              .contains("file_offset is missing"));
}

/// A payload of all that the command needs, with one attribute of another size.
std::string payload_with(const send::CommandInfo& info, A which, std::size_t length, u32 version) {
    std::string payload;
    for (const auto& entry : info.attributes()) {
        const auto& attribute_row = send::attribute_info(entry.attribute);
        const auto value = entry.attribute == which ? std::string(length, 'v') : sample_value(attribute_row);
        payload +=
            entry.attribute == A::data && version >= 2 ? data_without_length(value) : attribute(entry.attribute, value);
    }
    return payload;
}

TEST_CASE("every attribute of every command has its size, or one between its limits") {
    const u32 version = 3;
    for (const auto& info : send::commands) {
        for (const auto& entry : info.attributes()) {
            const auto& row = send::attribute_info(entry.attribute);
            CAPTURE(info.name);
            CAPTURE(row.name);
            const auto error = [&](std::size_t length) {
                return error_of(version, info.command, payload_with(info, entry.attribute, length, version));
            };
            CHECK(error(row.min_bytes).empty());
            CHECK(error(row.max_bytes).empty());
            if (row.min_bytes != 0) {
                CHECK(error(row.min_bytes - 1).contains("are possible"));
            }
            if (row.max_bytes != 65535) { // a length can't say more
                CHECK(error(row.max_bytes + 1).contains("are possible"));
            }
        }
    }
}

TEST_CASE("every attribute that a receiver needs is missed, no other is") {
    const u32 version = 3;
    for (const auto& info : send::commands) {
        for (const auto& left_out : info.attributes()) {
            std::string payload;
            for (const auto& entry : info.attributes()) {
                const auto value = sample_value(send::attribute_info(entry.attribute));
                if (entry.attribute != left_out.attribute) {
                    payload +=
                        entry.attribute == A::data ? data_without_length(value) : attribute(entry.attribute, value);
                }
            }
            CAPTURE(info.name);
            CHECK(error_of(version, info.command, payload).contains("is missing") ==
                  (left_out.presence == send::Presence::required));
        }
    }
}

TEST_CASE("a command is as large as the kernel makes them, and nothing larger is read") {
    // Only headers: that the size is judged before the bytes are there.
    for (const u32 version : {1U, 2U, 3U}) {
        const u32 most = send::max_command_bytes(version) - u32{sizeof(send::CommandHeader)};
        CHECK(decode_error(header_of(version) + raw(send::CommandHeader{most, 15, 0})).contains("cut off within"));
        CHECK(decode_error(header_of(version) + raw(send::CommandHeader{most + 1, 15, 0})).contains("bytes, where"));
        CHECK(decode_error(header_of(version) + raw(send::CommandHeader{~0U, 15, 0}))
                  .contains("a command of 4294967305 bytes, where"));
    }
    // Of version 1, filled to the last byte.
    const auto front = path_f + attribute(A::xattr_name, "n");
    const std::size_t room = 65536 - sizeof(send::CommandHeader) - front.size() - sizeof(send::AttributeHeader);
    CHECK(error_of(1, C::set_xattr, front + attribute(A::xattr_data, std::string(room, 'v'))).empty());
}

TEST_CASE("what the source fails with keeps its kind and gets a place") {
    bool first = true;
    const auto stream = header_of(1);
    Decoder decoder([&](MutableBytes room) -> Result<std::size_t> {
        if (!std::exchange(first, false)) {
            return fail(ErrorKind::io, "input/output error");
        }
        std::ranges::copy(bytes_of(stream), room.begin());
        return stream.size();
    });
    REQUIRE(decoder.begin_stream());
    const auto command = decoder.next();
    REQUIRE(!command);
    CHECK(command.error().kind == ErrorKind::io);
    CHECK(command.error().message == "send stream, byte 17, command 1: input/output error");
}

/// Damages the payload of one command and puts a right checksum over it, so that all that is behind the checksum sees
/// it.
std::string with_damage(std::string stream, std::mt19937& random) {
    struct Span {
        std::size_t offset;
        send::CommandHeader header;
    };
    std::vector<Span> spans;
    for (std::size_t offset = sizeof(send::StreamHeader); offset < stream.size();) {
        const auto header = *view_at<send::CommandHeader>(bytes_of(stream), offset);
        spans.push_back({offset, header});
        offset += sizeof(header) + header.length_bytes;
    }
    auto [offset, header] = spans[random() % spans.size()];
    if (random() % 4 == 0) {
        header.command = static_cast<u16>(random() % 30);
    }
    auto payload = stream.substr(offset + sizeof(header), header.length_bytes);
    for (auto edits = 1 + random() % 3; edits != 0 && !payload.empty(); --edits) {
        const std::size_t at = random() % payload.size();
        switch (random() % 4) {
        case 0: payload[at] = static_cast<char>(random()); break;
        case 1: payload[at] = static_cast<char>(random() % 36); break;
        case 2: payload.erase(at, 1 + random() % 8); break;
        default: payload.insert(at, payload.substr(random() % payload.size(), random() % 40)); break;
        }
    }
    return stream.replace(offset, sizeof(header) + header.length_bytes, command(header.command, payload));
}

TEST_CASE("damage behind a right checksum is found, or does no harm") {
    std::mt19937 random(20261121);
    const unsigned count = rounds(400, 3000);
    unsigned found = 0;
    unsigned harmless = 0;
    for (u32 version = 1; version <= 3; ++version) {
        const auto stream = every_command(version);
        for (unsigned i = 0; i < count; ++i) {
            const auto damaged = with_damage(stream, random);
            Decoder decoder(source_of(damaged));
            REQUIRE(decoder.begin_stream());
            for (;;) {
                const auto command = decoder.next();
                if (!command) {
                    CHECK(command.error().kind == ErrorKind::damaged);
                    ++found;
                    break;
                }
                for (const auto& value : command->values()) {
                    const auto& row = send::attribute_info(value.attribute);
                    CHECK(row.min_bytes <= value.bytes.size());
                    CHECK(value.bytes.size() <= row.max_bytes);
                }
                if (command->command() == C::end) {
                    ++harmless; // another value of the same form
                    break;
                }
            }
        }
    }
    CHECK(found > count);
    CHECK(harmless > count / 6);
}

TEST_CASE("random bytes are no stream") {
    std::mt19937 random(7);
    for (unsigned i = 0; i < rounds(300, 2000); ++i) {
        std::string bytes = i % 2 == 0 ? header_of(static_cast<u32>(1 + random() % 3)) : "";
        for (auto length = random() % 300; length != 0; --length) {
            bytes += static_cast<char>(random() % 2 == 0 ? random() : 0);
        }
        CHECK(!decode_error(bytes, 1 + random() % 64).empty());
    }
}

} // namespace

} // namespace decoder_test
