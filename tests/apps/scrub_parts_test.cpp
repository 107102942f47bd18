// SPDX-License-Identifier: MIT
// What btrkit-scrub is made of besides libfs: the throttle and the state file.
#include "apps/scrub/state_file.h"
#include "apps/scrub/throttle.h"
#include "tests/apps/scrub_run.h"
#include "tests/support/temporary_folder.h"

#include "libfs/render/fields_json.h"

#include <doctest/doctest.h>

namespace scrub_parts_test {

using namespace btrkit;
using namespace btrkit::test;
using namespace std::chrono_literals;

namespace {

/// How long taking so many bytes takes.
std::chrono::nanoseconds time_of(apps::Throttle& throttle, TestTime& time, u64 bytes) {
    const auto before = time.passed();
    throttle.acquire(bytes);
    return time.passed() - before;
}

bool is_about(std::chrono::nanoseconds time, std::chrono::nanoseconds wanted) {
    return std::chrono::abs(time - wanted) < 1us;
}

apps::SavedScrub sample() {
    apps::SavedScrub saved;
    saved.state.fsid.bytes.fill(0xab);
    saved.state.generation = ~u64{0};
    saved.state.devid = 3;
    saved.state.chunk = 30408704;
    saved.state.position = 1 << 20;
    saved.duration_ms = 77;
    u64 number = 1;
    for (const auto& field : survey::scrub_count_fields) {
        saved.state.counts[2].*field.member = number++;
        saved.state.counts[3].*field.member = number++;
    }
    return saved;
}

std::size_t files_in(const TemporaryFolder& folder) {
    const std::filesystem::directory_iterator files(folder.path());
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

std::string why_no_state(const Json& document) {
    const auto saved = apps::parse_saved_scrub(document.dump());
    return saved ? "" : saved.error().message;
}

} // namespace

TEST_CASE("throttle: in the long run so many bytes a second") {
    TestTime time;
    const auto source = time.source();
    apps::Throttle throttle(1000, source, {});
    CHECK(time_of(throttle, time, 100) == 0s); // what it begins with: a tenth of a second
    CHECK(is_about(time_of(throttle, time, 500), 500ms));
    CHECK(is_about(time_of(throttle, time, 7000), 7s));
    for (int i = 0; i < 1000; ++i) {
        throttle.acquire(3);
    }
    CHECK(is_about(time.passed(), 10500ms));
}

TEST_CASE("throttle: a pause is not made up for by a rush") {
    TestTime time;
    const auto source = time.source();
    apps::Throttle throttle(1000, source, {});
    time.pass(1h);
    CHECK(time_of(throttle, time, 100) == 0s);
    CHECK(is_about(time_of(throttle, time, 100), 100ms));
}

TEST_CASE("throttle: a stop ends the wait") {
    TestTime time;
    StopFlag flag;
    time.on_sleep = [&] {
        if (time.passed() >= 3s) {
            flag.request();
        }
    };
    const auto source = time.source();
    apps::Throttle throttle(1, source, StopToken(flag));
    throttle.acquire(~u64{0}); // more than any clock counts
    CHECK(time.passed() >= 3s);
    CHECK(time.passed() < 4s);
    throttle.acquire(1000);
    CHECK(time.passed() < 4s);
}

TEST_CASE("state file: what is written is read again") {
    const TemporaryFolder folder;
    const apps::StateFile file(folder / "state");
    auto saved = sample();
    for (const auto devid : {std::optional<u64>(3), std::optional<u64>()}) {
        saved.state.devid = devid;
        REQUIRE(file.check_writable());
        REQUIRE(file.write(saved));
        CHECK(files_in(folder) == 1);
        const auto read = file.read();
        REQUIRE(read.has_value());
        REQUIRE(read->has_value());
        const auto& state = (*read)->state;
        CHECK(state.fsid == saved.state.fsid);
        CHECK(state.generation == saved.state.generation);
        CHECK(state.devid == saved.state.devid);
        CHECK(state.chunk == saved.state.chunk);
        CHECK(state.position == saved.state.position);
        CHECK(state.counts == saved.state.counts);
        CHECK((*read)->duration_ms == 77);
    }
    REQUIRE(file.remove());
    CHECK(files_in(folder) == 0);
    CHECK(file.remove());
    const auto gone = file.read();
    REQUIRE(gone.has_value());
    CHECK(!gone->has_value());
}

TEST_CASE("state file: written every few seconds, and not before") {
    const TemporaryFolder folder;
    const apps::StateFile file(folder / "state");
    TestTime time;
    const auto source = time.source();
    apps::StateKeeper keeper(file, source);
    auto saved = sample();
    const auto offer_after = [&](std::chrono::nanoseconds pause, u64 position) {
        time.pass(pause);
        saved.state.position = position;
        CHECK(keeper.offer([&] { return saved; }));
        const auto read = file.read();
        REQUIRE(read.has_value());
        return *read ? (*read)->state.position : 0;
    };
    CHECK(offer_after(4999ms, 1) == 0);
    CHECK(offer_after(1ms, 2) == 2);
    CHECK(offer_after(4999ms, 3) == 2);
    CHECK(offer_after(1h, 4) == 4);
}

TEST_CASE("state file: where it can't be written") {
    const TemporaryFolder folder;
    const apps::StateFile lost(folder / "nothing/here");
    CHECK(!lost.check_writable());
    CHECK(!lost.write(sample()));
    std::filesystem::create_directory(folder / "folder");
    const apps::StateFile in_the_way(folder / "folder");
    const auto written = in_the_way.write(sample());
    REQUIRE(!written.has_value());
    CHECK(written.error().kind == ErrorKind::io);
    CHECK(contains(written.error().message, folder / "folder"));
    CHECK(files_in(folder) == 1);
    CHECK(!in_the_way.read());
}

TEST_CASE("state file: broken ones are refused, wherever they are broken") {
    const std::string text = apps::saved_scrub_text(sample());
    REQUIRE(apps::parse_saved_scrub(text));
    for (std::size_t length = 0; length + 2 < text.size(); ++length) {
        CHECK(!apps::parse_saved_scrub(text.substr(0, length)));
    }
    // Any byte changed: an answer, and never a crash.
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (const char c : {'\0', '"', '{', '9', '-', '\xff'}) {
            auto changed = text;
            changed[i] = c;
            static_cast<void>(apps::parse_saved_scrub(changed));
        }
    }
    CHECK(!apps::parse_saved_scrub(std::string(1'000'000, '[')));
}

TEST_CASE("state file: each member must be there, and be what it should be") {
    const Json document = Json::parse(apps::saved_scrub_text(sample()));
    CHECK(why_no_state(document) == "");
    const std::vector<Json> others = {-1, 0.5, true, "text", Json::object(), Json()};
    const auto check_all = [&](const Json& object, const auto& with) {
        for (const auto& [name, value] : object.items()) {
            CAPTURE(name);
            auto changed = object;
            changed.erase(name);
            const bool is_needed = name != "tool";
            CHECK((why_no_state(with(changed)) != "") == is_needed);
            for (const auto& other : others) {
                CAPTURE(other);
                changed[name] = other;
                const bool is_allowed = name == "tool" || other.type() == value.type() ||
                                        (name == "devid" && &object == &document && other.is_null());
                // A text that is no uuid, an object without members: of the right type, and wrong all the same.
                const bool is_wrong = !is_allowed || (name != "tool" && (other.is_string() || other.is_object()));
                CHECK((why_no_state(with(changed)) != "") == is_wrong);
            }
        }
    };
    check_all(document, [](const Json& changed) { return changed; });
    const auto with_header = [&](const Json& changed) {
        auto whole = document;
        whole["__header"] = changed;
        return whole;
    };
    const auto with_device = [&](const Json& changed) {
        auto whole = document;
        whole["devices"][0] = changed;
        return whole;
    };
    check_all(document["__header"], with_header);
    check_all(document["devices"][0], with_device);
}

TEST_CASE("state file: of another version, with a device twice, too large") {
    Json document = Json::parse(apps::saved_scrub_text(sample()));
    auto changed = document;
    changed["__header"]["version"] = 2;
    CHECK(contains(why_no_state(changed), "version 2"));
    changed = document;
    changed["devices"][1] = changed["devices"][0];
    CHECK(contains(why_no_state(changed), "device 2 twice"));
    const TempFile large(u64{1} << 40);
    const auto read = apps::StateFile(large.path()).read();
    REQUIRE(!read.has_value());
    CHECK(contains(read.error().message, "too large"));
    CHECK(contains(read.error().message, large.path()));
}

} // namespace scrub_parts_test
