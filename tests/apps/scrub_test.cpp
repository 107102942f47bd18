// SPDX-License-Identifier: MIT
// The manners of btrkit-scrub, on images that btrkit-mkfs makes and that are damaged here.
#include "libfs/io/writable_file.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"
#include "tests/apps/scrub_run.h"

#include <csignal>
#include <set>

namespace scrub_test {

using namespace btrkit;
using namespace btrkit::test;
using namespace std::chrono_literals;

namespace {

Json json_of(const ToolRun& run) {
    return Json::parse(run.out);
}

Json scrub_json(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    return json_of(run_scrub(arguments));
}

/// One line on standard error and nothing else.
void check_failed(const ToolRun& run, int status, const std::vector<std::string>& parts) {
    CAPTURE(run.err);
    CHECK(run.status == status);
    CHECK(run.out == "");
    CHECK(run.err.starts_with("btrkit-scrub: "));
    CHECK(count_of(run.err, "\n") == 1);
    for (const auto& part : parts) {
        CHECK_MESSAGE(contains(run.err, part), part);
    }
}

/// The five numbers of the summary that follow its first line.
std::string error_lines(std::string_view errors, int corrected, std::optional<int> correctable, int uncorrectable) {
    std::string text = "\nError summary:    " + std::string(errors) + "\n";
    text += "  Corrected:      " + std::to_string(corrected) + "\n";
    text += correctable ? "  Correctable:    " + std::to_string(*correctable) + "\n" : "";
    return text + "  Uncorrectable:  " + std::to_string(uncorrectable) + "\n  Unverified:     0\n";
}

const std::vector<std::string> duplicate = {"-d", "dup"};
const std::vector<std::string> raid1 = {"-d", "raid1", "-m", "raid1"};

} // namespace

TEST_CASE("scrub: a clean filesystem, status 0, in the peer's words") {
    const MadeImage image;
    const auto run = run_scrub({image.path()});
    CHECK(run.status == 0);
    CHECK(run.err == "");
    CHECK(contains(run.out, "label \"tested\"\nUUID:             "));
    CHECK(contains(run.out, "\nScrub started:    "));
    CHECK(contains(run.out, " 2026\nStatus:           finished\nDuration:         0:00:00\nTotal to scrub:   "));
    CHECK(contains(run.out, "\nError summary:    no errors found\nVerdict: clean\n"));
    CHECK(run_scrub({"-q", image.path()}).out == "");
}

TEST_CASE("scrub: a bad copy is told and left as it is, status 3") {
    const MadeImage image(duplicate);
    image.spoil_data(5000, 1);
    const auto before = image.bytes();
    const auto run = run_scrub({image.path()});
    CHECK(run.status == 3);
    CHECK(run.err == "");
    CHECK(contains(run.out, error_lines("csum=1", 0, 1, 0)));
    CHECK(contains(run.out, "\nerror: [data-checksum] "));
    CHECK(contains(run.out, "\n    can be mended from mirror "));
    CHECK(contains(run.out, "\n    file: /docs/deep/data (subvolume 5 /)\n"));
    CHECK(contains(run.out, "\nVerdict: errors are left: 1 correctable (--repair corrects them)\n"));
    CHECK(image.bytes() == before);
    const auto quiet = run_scrub({"-q", image.path()});
    CHECK(quiet.status == 3);
    CHECK(quiet.out.starts_with("error: "));
}

TEST_CASE("scrub: --repair writes it anew, and a second scrub is clean") {
    const MadeImage image(duplicate);
    const auto sound = image.bytes();
    image.spoil_data(5000, 1);
    image.spoil_data(200'000, 0);
    const auto run = run_scrub({"--repair", image.path()});
    CHECK(run.status == 0);
    CHECK(run.err == "");
    CHECK(contains(run.out, error_lines("csum=2", 2, std::nullopt, 0)));
    CHECK(count_of(run.out, "\n    mended from mirror ") == 2);
    CHECK(contains(run.out, "\nVerdict: corrected: 2 errors\n"));
    CHECK(image.bytes() == sound);
    CHECK(contains(run_scrub({image.path()}).out, "\nVerdict: clean\n"));
}

TEST_CASE("scrub: --dry-run tells and writes nothing, also beside --repair") {
    const MadeImage image(duplicate);
    image.spoil_data(5000);
    const auto spoilt = image.bytes();
    for (const auto& options : {std::vector<std::string>{"--dry-run"}, {"--repair", "--dry-run"}}) {
        auto arguments = options;
        arguments.push_back(image.path());
        const auto run = run_scrub(arguments);
        CHECK(run.status == 3);
        CHECK(contains(run.out, "\n    can be mended from mirror "));
        CHECK(image.bytes() == spoilt);
    }
}

TEST_CASE("scrub: what is lost is lost, and donors have it") {
    const MadeImage image;
    const auto sound = image.bytes();
    image.spoil_data(5000);
    const auto spoilt = image.bytes();
    for (const auto* option : {"-r", "--repair"}) {
        const auto run = run_scrub({option, image.path()});
        CHECK(run.status == 3);
        CHECK(contains(run.out, "csum=1\n"));
        CHECK(contains(run.out, "\n  Uncorrectable:  1\n"));
        CHECK(contains(run.out, "\n    no good copy\n"));
        CHECK(contains(run.out, "\nVerdict: errors are left: 1 uncorrectable\n"));
        CHECK(image.bytes() == spoilt);
    }
    for (const auto* option : {"-r", "--dry-run"}) {
        const auto run = run_scrub({option, "--donor", image.source(), image.path()});
        CHECK(run.status == 3);
        CHECK(contains(run.out, "\n  Correctable:    1\n"));
        CHECK(contains(run.out, "\n    can be mended from " + image.source()));
        CHECK(image.bytes() == spoilt);
    }
    const auto donated = run_scrub({"--repair", "--donor", image.source(), image.path()});
    CHECK(donated.status == 0);
    CHECK(contains(donated.out, "\n    mended from " + image.source()));
    CHECK(contains(donated.out, "\nFrom donors:      4.00KiB\n"));
    CHECK(image.bytes() == sound);
    check_failed(run_scrub({"--repair", "--donor", "/nothing/here", image.path()}), 1, {"/nothing/here"});
}

TEST_CASE("scrub: a superblock mirror") {
    const MadeImage image({"--size", "112m"});
    const auto sound = image.bytes();
    image.change([](SparseBytes& all) { all.part(btrfs::superblock_offsets[1])[200] ^= std::byte{1}; });
    const auto run = run_scrub({image.path()});
    CHECK(run.status == 3);
    CHECK(contains(run.out, error_lines("super=1", 0, 1, 0)));
    CHECK(run_scrub({"--repair", image.path()}).status == 0);
    CHECK(image.bytes() == sound);
}

TEST_CASE("scrub: -d for each device, -R all counters") {
    const MadeImage image(raid1, 2);
    image.spoil_data(5000, 0, 1);
    const auto run = run_scrub({"-d", image.path(0), "--member", image.path(1)});
    CHECK(contains(run.out, "\n\nScrub device " + image.path(0) + " (id 1) done\nScrub started:    "));
    const auto second = run.out.find("\n\nScrub device " + image.path(1) + " (id 2) done\n");
    REQUIRE(second != std::string::npos);
    CHECK(contains(run.out.substr(0, second + 1), "\nError summary:    no errors found\n"));
    CHECK(contains(run.out.substr(second), error_lines("csum=1", 0, 1, 0)));
    const auto raw = run_scrub({"-R", image.path(0), image.path(1)});
    CHECK(contains(raw.out, "\n\tdata_extents_scrubbed: "));
    CHECK(contains(raw.out, "\n\tcsum_errors: 1\n\tverify_errors: 0\n\tno_csum: 0\n"));
    CHECK(!contains(raw.out, "Error summary"));
}

TEST_CASE("scrub: a missing device") {
    const MadeImage image(raid1, 2);
    const auto run = run_scrub({"-d", image.path(1)});
    CHECK(run.status == 0);
    CHECK(contains(run.out, "note: [device-missing]"));
    CHECK(contains(run.out, "\nScrub device <missing> (id 1) canceled\n    no stats available\n"));
    CHECK(contains(run.out, "\nMissing devices: DATA RAID1, "));
    CHECK(contains(run.out, " used), lacks 1 device: no longer redundant\n"));
    CHECK(contains(run.out, "\nVerdict: clean; devices are missing\n"));
    CHECK(contains(run_scrub({"-q", image.path(1)}).out, "Missing devices: DATA RAID1, "));
    const MadeImage striped({"-d", "raid0", "-m", "raid1"}, 2);
    const auto lost = run_scrub({striped.path(1)});
    CHECK(lost.status == 3);
    CHECK(contains(lost.out, "\nMissing devices: DATA RAID0, "));
    CHECK(contains(lost.out, "lacks 1 device: not all of it can be read\n"));
    CHECK(contains(lost.out, "\nVerdict: errors are left: "));
}

TEST_CASE("scrub: --devid") {
    const MadeImage image(raid1, 2);
    image.spoil_data(5000, 0, 1);
    CHECK(run_scrub({"--devid", "1", image.path(0), image.path(1)}).status == 0);
    CHECK(run_scrub({"--devid", "2", image.path(0), image.path(1)}).status == 3);
    check_failed(run_scrub({"--devid", "3", image.path(0), image.path(1)}), 1, {"3"});
}

TEST_CASE("scrub: the report is the same at any number of threads") {
    const MadeImage image(duplicate);
    image.spoil_data(70'000, 1);
    image.spoil_data(1, 0);
    const auto one = run_scrub({"--format", "json", "--threads", "1", image.path()});
    CHECK(one.status == 3);
    CHECK(one.out == run_scrub({"--format", "json", "--threads", "7", image.path()}).out);
}

TEST_CASE("scrub: what became of a finding, in JSON") {
    const MadeImage image(duplicate);
    image.spoil_data(5000, 1);
    auto document = scrub_json({image.path()});
    CHECK(document["verdict"] == "errors_left");
    CHECK(document["complete"] == true);
    CHECK(document["repaired"] == false);
    REQUIRE(document["findings"].size() == 1);
    CHECK(document["findings"][0]["mend"]["state"] == "mendable");
    CHECK(document["findings"][0]["affected"][0]["files"][0]["path"] == "/docs/deep/data");
    CHECK(document["totals"]["correctable_errors"] == 1);
    CHECK(document["devices"][0]["scrubbed"]["csum_errors"] == 1);
    CHECK(document["devices"][0]["path"] == image.path());
    document = scrub_json({"--repair", image.path()});
    CHECK(document["verdict"] == "corrected");
    CHECK(document["repaired"] == true);
    CHECK(document["findings"][0]["mend"]["state"] == "mended");
    CHECK(document["findings"][0]["mend"]["from"].get<std::string>().starts_with("mirror "));
    document = scrub_json({image.path()});
    CHECK(document["verdict"] == "clean");
    CHECK(document["findings"].empty());
    CHECK(document["scrubbed_bytes"] == document["total_bytes"]);
}

TEST_CASE("scrub: what can't be opened, or holds no filesystem, is status 1") {
    check_failed(run_scrub({"/nothing/here"}), 1, {"/nothing/here"});
    const TempFile nothing(1 << 20);
    check_failed(run_scrub({nothing.path()}), 1, {nothing.path()});
    const MadeImage image;
    FullSink full;
    FullSink lost;
    apps::Io io{.out = full, .err = lost};
    const std::vector<std::string> arguments{image.path()};
    CHECK(apps::run_scrub(arguments, io) == 1);
}

TEST_CASE("scrub: what another process writes is not repaired") {
    const MadeImage image;
    const auto held = WritableFile::open(image.path());
    REQUIRE(held.has_value());
    check_failed(run_scrub({"--repair", image.path()}), 1, {image.path(), "in use"});
}

TEST_CASE("scrub: wrong usage is 2") {
    const TempFile file(1 << 20);
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"--nothing", file.path()},
        {"-f", file.path()},
        {"-r", "--repair", file.path()},
        {"--resume", file.path()},
        {"--state", "", file.path()},
        {"--devid", "first", file.path()},
        {"--limit", "fast", file.path()},
        {"--memory", "much", file.path()},
        {"--format", "lines", file.path()},
        {"-c", "idle", file.path()},
    };
    for (const auto& arguments : wrong) {
        CAPTURE(arguments);
        check_failed(run_scrub(arguments), 2, {"--help"});
    }
    CHECK(contains(run_scrub({"-f", file.path()}).err, "nothing can be forced"));
}

TEST_CASE("scrub: the peer's options are accepted") {
    const MadeImage image;
    const auto plain = run_scrub({image.path()});
    for (const auto& options : {std::vector<std::string>{"-B"},
                                {"-r"},
                                {"-c", "3", "-n", "4"},
                                {"-Br"},
                                {"--limit", "0"},
                                {"--memory", "16m"}}) {
        CAPTURE(options);
        auto arguments = options;
        arguments.push_back(image.path());
        const auto run = run_scrub(arguments);
        CHECK(run.status == 0);
        CHECK(run.out == plain.out);
    }
}

TEST_CASE("scrub: --limit takes its time") {
    const MadeImage image;
    TestTime time;
    const auto run = scrub_in(time, {"--limit", "100k", "--format", "json", image.path()});
    CHECK(run.status == 0);
    const auto document = json_of(run);
    const auto bytes = document["scrubbed_bytes"].get<double>();
    const double seconds = std::chrono::duration<double>(time.passed()).count();
    CHECK(seconds > 1);
    // A tenth of a second is free.
    CHECK(bytes / seconds < 102'400 * 1.2);
    CHECK(document["duration_ms"] == static_cast<u64>(seconds * 1000));
}

TEST_CASE("scrub: stopped by a signal, and gone on with") {
    const MadeImage image(duplicate);
    image.spoil_data(5000);
    const auto state = image.beside("state");
    const std::vector<std::string> options = {"--format", "json", "--threads", "1", "--state", state, image.path()};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), options.begin(), options.end());
        return more;
    };
    const auto whole = json_of(run_scrub(options));
    CHECK(!is_there(state));
    TestTime time;
    time.on_sleep = [&, told = false]() mutable {
        if (!told) {
            std::raise(SIGTERM);
            told = true;
        }
    };
    const auto stopped = scrub_in(time, with({"--limit", "1"}));
    CHECK(stopped.status == 1);
    CHECK(contains(stopped.err, "btrkit-scrub: stopped; goes on with --resume --state " + state + "\n"));
    CHECK(json_of(stopped)["complete"] == false);
    CHECK(json_of(stopped)["stopped"] == true);
    CHECK(json_of(stopped)["scrubbed_bytes"] < whole["scrubbed_bytes"]);
    REQUIRE(is_there(state));
    check_failed(run_scrub(with({"--resume", "--devid", "1"})), 1, {state, "of all devices", "of device 1 alone"});
    const auto resumed = run_scrub(with({"--resume"}));
    CHECK(resumed.status == 3);
    CHECK(resumed.err == "");
    CHECK(json_of(resumed)["resumed"] == true);
    CHECK(json_of(resumed)["totals"] == whole["totals"]);
    CHECK(json_of(resumed)["scrubbed_bytes"] == whole["scrubbed_bytes"]);
    CHECK(!is_there(state));
    check_failed(run_scrub(with({"--resume"})), 1, {state, "nothing to resume"});
}

TEST_CASE("scrub: the state is written by time, however slowly it goes") {
    const MadeImage image;
    const auto state = image.beside("state");
    TestTime time;
    bool was_there = false;
    time.on_sleep = [&] { was_there = was_there || is_there(state); };
    CHECK(scrub_in(time, {"--limit", "100", "--threads", "1", "--state", state, image.path()}).status == 0);
    CHECK(was_there);
}

TEST_CASE("scrub: a state of another filesystem, or of this one as it was") {
    const MadeImage image;
    const MadeImage other({}, 1, "other");
    const auto state = image.beside("state");
    const auto stop_in = [&](const MadeImage& where) {
        TestTime time;
        time.on_sleep = [&, told = false]() mutable {
            if (!told) {
                std::raise(SIGTERM);
                told = true;
            }
        };
        return scrub_in(time, {"--limit", "1", "--state", state, where.path()}).status;
    };
    REQUIRE(stop_in(other) == 1);
    check_failed(run_scrub({"--resume", "--state", state, image.path()}), 1, {state, "another filesystem"});
    CHECK(is_there(state));
    REQUIRE(stop_in(image) == 1);
    auto document = Json::parse(bytes_of(state));
    document["generation"] = document["generation"].get<u64>() + 1;
    write_file(state, std::string_view(document.dump()));
    check_failed(run_scrub({"--resume", "--state", state, image.path()}), 1, {state, "generation"});
}

TEST_CASE("scrub: a state file is never written over anything else") {
    const MadeImage image;
    const auto before = image.bytes();
    const auto text = image.beside("text");
    write_file(text, std::string_view("{}"));
    check_failed(run_scrub({"--state", image.path(), image.path()}), 1, {image.path(), "no state of a scrub"});
    check_failed(run_scrub({"--state", text, image.path()}), 1, {text, "no state of a scrub"});
    check_failed(run_scrub({"--state", text, "--resume", image.path()}), 1, {text, "no state of a scrub"});
    check_failed(run_scrub({"--state", "/nothing/here", image.path()}), 1, {"/nothing/here"});
    CHECK(image.bytes() == before);
    CHECK(bytes_of(text) == "{}");
}

TEST_CASE("scrub: --help fits a screen") {
    const auto help = run_scrub({"--help"});
    CHECK(help.status == 0);
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(line.size() < 100);
    }
    CHECK(count_of(help.out, "\n") < 40);
}

TEST_CASE("docs/json-schema-scrub.md names every member of the document") {
    const MadeImage image(raid1, 2);
    image.spoil_data(5000, 0, 1);
    auto document = scrub_json({image.path(1)});
    CHECK(!document["reduced"].empty());
    document["counts"].erase("codes"); // its members are codes
    std::set<std::string> names;
    collect_members(document, names);
    CHECK(names.contains("mend"));
    CHECK(names.contains("files"));
    CHECK(names.contains("from_hex"));
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-scrub.md");
    const std::string schema(std::istreambuf_iterator<char>(file), {});
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

} // namespace scrub_test
