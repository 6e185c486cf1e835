# Ends the private server of a test run, and removes its folder, once the run is over, however it ended.
# $1: the process that lives as long as the run; $2: the folder.

alive() {
	# A dead process that nobody has asked about yet still takes signals.
	kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

while alive "$1"; do sleep 0.1; done

server=$(head -n 1 "$2/postgres/data/postmaster.pid" 2>/dev/null)
if [ -n "$server" ]; then
	kill -QUIT "$server" 2>/dev/null
	tries=0
	while alive "$server" && [ $tries -lt 100 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	kill -KILL "$server" 2>/dev/null
fi

# A server that was just starting may still write into the folder.
tries=0
until rm -rf "$2" || [ $tries -ge 50 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
