// SPDX-License-Identifier: MIT
// Dumps that nobody has written: sealed as they should be, and wrong all the same.
#include "libfs/io/memory_device.h"
#include "libfs/ops/dump_image/dump_check.h"
#include "libfs/ops/dump_image/dump_writer.h"
#include "libfs/ops/dump_image/restore.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace dump_image_reader_test {

using namespace btrkit;
using namespace btrkit::dump_image;

namespace {

constexpr u64 device_bytes = u64{1} << 20;

std::vector<dump_format::DeviceEntry> devices_of(std::vector<u64> devids) {
    std::vector<dump_format::DeviceEntry> devices;
    for (const u64 devid : devids) {
        devices.push_back({.devid = devid, .uuid = {}, .size_bytes = device_bytes});
    }
    return devices;
}

std::string dump_of(const RecordBuffer& records, const std::vector<dump_format::DeviceEntry>& devices) {
    StringSink sink;
    DumpWriter writer(sink);
    REQUIRE(writer.begin({}, devices));
    REQUIRE(writer.put(records));
    REQUIRE(writer.end());
    return sink.text();
}

StreamSource source_of(const std::string& text) {
    return {.name = "dump", .source = [rest = std::string_view(text)](MutableBytes out) mutable -> Result<std::size_t> {
                const auto taken = rest.substr(0, out.size());
                std::ranges::copy(std::as_bytes(std::span(taken)), out.begin());
                rest.remove_prefix(taken.size());
                return taken.size();
            }};
}

/// What restoring says: empty where it is content.
std::string restored(const std::string& text, SparseBytes* bytes = nullptr, const RestoreOptions& options = {}) {
    const auto source = source_of(text);
    auto dump = DumpReader::open(source);
    if (!dump) {
        return dump.error().message;
    }
    std::vector<std::unique_ptr<MemoryDevice>> devices;
    std::vector<WritableDevice*> pointers;
    for (const auto& device : dump->devices()) {
        devices.push_back(std::make_unique<MemoryDevice>("device", SparseBytes(device.size_bytes)));
        pointers.push_back(devices.back().get());
    }
    const auto done = restore(*dump, pointers, options, {});
    if (bytes != nullptr) {
        *bytes = devices.front()->bytes();
    }
    return done ? std::string() : done.error().message;
}

RecordBuffer one_record(const Places& places, std::size_t length = 4096) {
    RecordBuffer records;
    records.add(std::vector<std::byte>(length, std::byte{7}), places);
    return records;
}

} // namespace

TEST_CASE("dumps: bytes stand in all their places") {
    SparseBytes bytes(0);
    const auto records = one_record({{.devid = 3, .offset = 0, .from = 0, .length_bytes = 4096},
                                     {.devid = 3, .offset = device_bytes - 96, .from = 4000, .length_bytes = 96}});
    CHECK(restored(dump_of(records, devices_of({3})), &bytes).empty());
    CHECK(bytes.part(0)[4095] == std::byte{7});
    CHECK(bytes.part(device_bytes - 96)[0] == std::byte{7});
    CHECK(bytes.is_hole(device_bytes / 2));
}

TEST_CASE("dumps: places that are not there are refused") {
    const auto refused = [](dump_format::RecordPlace place, std::string_view why) {
        const auto said = restored(dump_of(one_record({place}), devices_of({1, 2})));
        CHECK_MESSAGE(said == fmt::format("dump: is damaged at offset 112: {}", why), said);
    };
    refused({.devid = 3, .offset = 0, .from = 0, .length_bytes = 4096}, "record 0 is for device 3, which it has not");
    refused({.devid = 2, .offset = device_bytes - 4095, .from = 0, .length_bytes = 4096},
            "record 0: 4096 bytes at 1044481 of device 2 are out of bounds");
    refused({.devid = 2, .offset = ~u64{0}, .from = 0, .length_bytes = 4096},
            "record 0: 4096 bytes at 18446744073709551615 of device 2 are out of bounds");
    refused({.devid = 1, .offset = 0, .from = 1, .length_bytes = 4096},
            "record 0: 4096 bytes at 0 of device 1 are out of bounds");
    refused({.devid = 1, .offset = 0, .from = ~u32{0}, .length_bytes = 1},
            "record 0: 1 bytes at 0 of device 1 are out of bounds");
    refused({.devid = 1, .offset = 0, .from = 0, .length_bytes = 0},
            "record 0: 0 bytes at 0 of device 1 are out of bounds");
}

TEST_CASE("dumps: impossible devices, records and ends") {
    const auto records = one_record({{.devid = 1, .offset = 0, .from = 0, .length_bytes = 4096}});
    CHECK(restored(dump_of(records, devices_of({}))) == "dump: is damaged at offset 0: of 0 devices");
    CHECK(restored(dump_of(records, devices_of({1, 1}))) == "dump: is damaged at offset 0: impossible device 1");
    auto huge = devices_of({1});
    huge.front().size_bytes = ~u64{0};
    CHECK(restored(dump_of(records, huge)) == "dump: is damaged at offset 0: impossible device 1");
    const auto many =
        one_record(Places(dump_format::max_place_count + 1, {.devid = 1, .offset = 0, .from = 0, .length_bytes = 1}));
    CHECK(restored(dump_of(many, devices_of({1}))) == "dump: is damaged at offset 80: record 0 is impossible");
    CHECK(restored(dump_of(one_record({{.devid = 1, .length_bytes = 1}}, dump_format::max_record_bytes + 1),
                           devices_of({1}))) == "dump: is damaged at offset 80: record 0 is impossible");

    // A piece that is left out as a whole, with all checks of the rest made right.
    StringSink sink;
    DumpWriter writer(sink);
    REQUIRE(writer.begin({}, devices_of({1})));
    const dump_format::End end{.record_count = 1, .placed_bytes = 0};
    dump_format::PieceHead head{.kind = 2, .stored_bytes = sizeof(end), .plain_bytes = sizeof(end), .check = 0};
    const auto* start = view_at<dump_format::FileStart>(std::as_bytes(std::span(sink.text())));
    head.check = check_of_piece(head, as_bytes_of(end), start->check);
    const auto text = sink.text() + std::string(as_text(as_bytes_of(head))) + std::string(as_text(as_bytes_of(end)));
    CHECK(restored(text) == "dump: is damaged at offset 80: its end does not tell what it has");
}

TEST_CASE("dumps: so much and no more") {
    const auto text =
        dump_of(one_record(Places(200, {.devid = 1, .offset = 0, .from = 0, .length_bytes = 4096})), devices_of({1}));
    CHECK(restored(text, nullptr, {.most_bytes = 200 * 4096}).empty());
    CHECK(restored(text, nullptr, {.most_bytes = 200 * 4096 - 1}) ==
          "it has more than 819199 bytes (--limit allows more)");
}

} // namespace dump_image_reader_test
