// SPDX-License-Identifier: MIT
// What the encoder writes: against bytes that kernels wrote, against limits, and against its own counting.
#include "tests/unit/stream/stream_builder.h"

#include "libfs/base/text_buffer.h"

namespace encoder_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

std::string hex(std::string_view bytes) {
    TextBuffer out;
    out.hex_bytes(bytes_of(bytes));
    return std::string(out.view());
}

/// Fails like a full disk, from the first byte or from a later piece on.
class FullSink final : public OutputSink {
public:
    explicit FullSink(int pieces) : pieces_(pieces) {}
    Result<void> write(std::string_view) override {
        return pieces_-- > 0 ? Result<void>{} : fail(ErrorKind::io, "no space left");
    }

private:
    int pieces_;
};

TEST_CASE("a stream is what a 6.18 kernel sent, checksums included") {
    StringSink sink;
    Encoder encoder(1, sink);
    REQUIRE(encoder.write_stream_header());
    CHECK(hex(sink.text()) == "62747266732d73747265616d0001000000");

    encoder.begin(C::subvol);
    encoder.put_text(A::path, "sv.ro1");
    encoder.put_uuid(
        A::uuid, {{0x8c, 0x6b, 0x72, 0xba, 0x80, 0x5c, 0x9e, 0x4e, 0xbd, 0x08, 0x98, 0x37, 0x48, 0x64, 0x2e, 0x9a}});
    encoder.put_integer(A::ctransid, 15);
    REQUIRE(encoder.finish());
    encoder.begin(C::chown);
    encoder.put_text(A::path, "");
    encoder.put_integer(A::uid, 0);
    encoder.put_integer(A::gid, 0);
    REQUIRE(encoder.finish());
    REQUIRE(encoder.put_command(C::end));
    CHECK(hex(sink.text().substr(17)) ==
          "2a00000001004806da580f00060073762e726f31010010008c6b72ba805c9e4ebd08983748642e9a020008000f00000000000000"
          "1c000000130002372d8c0f0000000600080000000000000000000700080000000000000000"
          "00"
          "000000001500506cc99d");
}

TEST_CASE("every command of every version comes back as it went in") {
    for (u32 version = send::oldest_version; version <= send::newest_version; ++version) {
        CAPTURE(version);
        const auto stream = every_command(version);
        Decoder decoder(source_of(stream));
        REQUIRE(decoder.begin_stream().value() == version);
        u64 number = 0;
        for (const auto& info : send::commands) {
            if (info.since_version > version || info.command == C::end) {
                continue;
            }
            CAPTURE(info.name);
            const auto command = decoder.next();
            REQUIRE(command);
            CHECK(command->command() == info.command);
            CHECK(command->number() == ++number);
            for (const auto& entry : info.attributes()) {
                CHECK(command->has(entry.attribute) == (entry.presence != send::Presence::newer || version >= 2));
            }
            for (const auto& value : command->values()) {
                const auto expected = value.attribute == A::data ? std::string(12, 'd')
                                                                 : sample_value(send::attribute_info(value.attribute));
                CHECK(as_text(value.bytes) == expected);
            }
        }
        REQUIRE(decoder.next().value().command() == C::end);
        CHECK(decoder.offset() + sizeof(send::CommandHeader) == stream.size());
        CHECK(decoder.begin_stream().value() == std::nullopt);

        StringSink again;
        CHECK(encode_again(source_of(stream, 7), again)); // counts too
        CHECK(again.text() == stream);
    }
}

TEST_CASE("data goes to the sink as it is, and its length stands there in version 1 alone") {
    for (const u32 version : {1U, 2U}) {
        StringSink sink;
        Encoder encoder(version, sink);
        encoder.begin(C::write);
        encoder.put_text(A::path, "f");
        encoder.put_integer(A::file_offset, 7);
        encoder.put_data(A::data, bytes_of("abc"));
        REQUIRE(encoder.finish());
        const auto data = version == 1 ? attribute(A::data, "abc") : data_without_length("abc");
        CHECK(sink.text() == command(C::write, attribute(A::path, "f") + integer(A::file_offset, 7) + data));
    }
}

TEST_CASE("counting comes to the size, without data that anyone has read") {
    for (u32 version = 1; version <= 3; ++version) {
        StringSink sink;
        Encoder encoder(version, sink);
        auto counter = Encoder::counting(version);
        const std::string data(send::write_data_bytes(version), 'x');
        for (auto* each : {&encoder, &counter}) {
            each->begin(C::write);
            each->put_text(A::path, "a/b");
            each->put_integer(A::file_offset, 0);
            if (each->is_counting()) {
                each->put_data_length(data.size());
            } else {
                each->put_data(A::data, bytes_of(data));
            }
            REQUIRE(each->finish());
        }
        CHECK(counter.bytes_written() == sink.text().size());
        CHECK(encoder.bytes_written() == sink.text().size());
    }
}

/// What finish() says to a set_xattr like that, of any version.
std::string xattr_refusal(const std::string& path, const std::string& name, const std::string& value) {
    StringSink sink;
    Encoder encoder(2, sink);
    encoder.begin(C::set_xattr);
    encoder.put_text(A::path, path);
    encoder.put_text(A::xattr_name, name);
    encoder.put_data(A::xattr_data, bytes_of(value));
    const auto done = encoder.finish();
    if (done) {
        CHECK(decode_error(header_of(2) + sink.text() + command(C::end, "")).empty());
        return {};
    }
    CHECK(done.error().kind == ErrorKind::unsupported);
    CHECK(sink.text().empty());
    CHECK(encoder.bytes_written() == 0);
    CHECK(encoder.put_command(C::end)); // goes on
    return done.error().message;
}

TEST_CASE("what no stream can hold is refused, and the encoder goes on") {
    CHECK(xattr_refusal(std::string(4095, 'p'), std::string(255, 'n'), std::string(65535, 'v')).empty());
    CHECK(xattr_refusal("", "n", "").empty());
    CHECK(xattr_refusal(std::string(4096, 'p'), "n", "") ==
          "no set_xattr command can be sent: path of 4096 bytes, where 0 to 4095 are possible");
    CHECK(xattr_refusal("p", "", "").contains("xattr_name of 0 bytes"));
    CHECK(xattr_refusal("p", std::string(256, 'n'), "").contains("xattr_name of 256 bytes"));
    CHECK(xattr_refusal("p", "n", std::string(65536, 'v')).contains("xattr_data of 65536 bytes"));
    CHECK(xattr_refusal(std::string("a\0b", 3), "n", "").contains("path holds a NUL"));
}

TEST_CASE("a command of version 1 is at most 64 KiB with its header") {
    // Header 10, three attribute headers of 4, path "p", name "n".
    const std::size_t most = 65536 - 10 - 3 * 4 - 2;
    for (const std::size_t length : {most, most + 1}) {
        StringSink sink;
        Encoder encoder(1, sink);
        encoder.begin(C::set_xattr);
        encoder.put_text(A::path, "p");
        encoder.put_text(A::xattr_name, "n");
        const std::string value(length, 'v');
        encoder.put_data(A::xattr_data, bytes_of(value));
        CHECK(encoder.finish().has_value() == (length == most));
        CHECK(sink.text().size() == (length == most ? 65536 : 0));
    }
}

TEST_CASE("data is at most 128 KiB") {
    for (const u64 length : {131072U, 131073U}) {
        auto encoder = Encoder::counting(2);
        encoder.begin(C::write);
        encoder.put_text(A::path, "p");
        encoder.put_integer(A::file_offset, 0);
        encoder.put_data_length(length);
        CHECK(encoder.finish().has_value() == (length == 131072));
    }
}

TEST_CASE("a sink that fails is reported, at the front and within a command") {
    for (const int pieces : {0, 1}) {
        FullSink sink(pieces);
        Encoder encoder(2, sink);
        encoder.begin(C::write);
        encoder.put_text(A::path, "p");
        encoder.put_integer(A::file_offset, 0);
        encoder.put_data(A::data, bytes_of("abc"));
        const auto done = encoder.finish();
        REQUIRE(!done);
        CHECK(done.error().kind == ErrorKind::io);
    }
}

} // namespace

} // namespace encoder_test
